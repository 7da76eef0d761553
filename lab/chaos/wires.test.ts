import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { createWires } from './wires.ts';

describe('the wire to a member of a replica set', () => {
  it('keeps its clients on it, though the member tells them its own address', async (t) => {
    const member = net.createServer((socket) => {
      const address = `127.0.0.1:${(member.address() as AddressInfo).port}`;
      socket.on('error', () => {}).end(`me: ${address}, primary: ${address}\0`);
    });
    member.listen(0, '127.0.0.1');
    await once(member, 'listening');
    t.after(() => void member.close());
    const { port } = member.address() as AddressInfo;
    const wires = await createWires({ mongod: port, temporal: port });
    t.after(() => wires.close());

    const told = async (to: 'mongod' | 'temporal') => {
      const [host, wirePort] = wires.addressOf('api-1', to).split(':');
      const socket = net.connect(Number(wirePort), host);
      return String(Buffer.concat(await socket.toArray()));
    };
    const wire = wires.addressOf('api-1', 'mongod');
    assert.equal(await told('mongod'), `me: ${wire}, primary: ${wire}\0`);
    assert.equal(await told('temporal'), `me: 127.0.0.1:${port}, primary: 127.0.0.1:${port}\0`);
  });
});
