/** TCP proxies (wires) between our processes and the servers, one for each pair, for faults to cut. */
import { startProxy, type Wire } from '../../test/proxy.ts';
import { type OwnProcess, type Server, WIRES, type WireName } from './plan.ts';

export interface Wires {
  /** `host:port` at which this process reaches that server. */
  addressOf(from: OwnProcess, to: Server): string;
  get(name: WireName): Wire;
  mendAll(): void;
  close(): Promise<void>;
}

/** Starts a wire for every pair. @param ports where the servers listen on this machine */
export async function createWires(ports: Record<Server, number>): Promise<Wires> {
  const wires = new Map<WireName, Wire>();
  for (const name of WIRES) {
    const to = name.split('→')[1] as Server;
    const options = to === 'mongod' ? { rewrite: renaming(`127.0.0.1:${ports.mongod}`) } : {};
    wires.set(name, await startProxy('127.0.0.1', ports[to], options));
  }
  const get = (name: WireName) => wires.get(name) as Wire;
  return {
    get,
    addressOf: (from, to) => get(`${from}→${to}`).address,
    mendAll: () => {
      for (const wire of wires.values()) wire.mend();
    },
    async close() {
      await Promise.all([...wires.values()].map((wire) => wire.close()));
    },
  };
}

/**
 * Replaces the server's address by the wire's in the server's answers. A replica set member tells
 * clients its own address, and they would connect to it directly. Both addresses must have the same
 * length, as BSON stores a string with its length.
 */
function renaming(real: string): (bytes: Buffer, address: string) => Buffer {
  return (bytes, address) => {
    if (address.length !== real.length) throw new Error(`${address} is not as long as ${real}`);
    for (let at = bytes.indexOf(real); at >= 0; at = bytes.indexOf(real, at + real.length)) {
      bytes.write(address, at, 'latin1');
    }
    return bytes;
  };
}
