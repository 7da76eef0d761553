/** Who sent a request: what the socket says, and what proxies that are trusted say of it. */
import type { IncomingHttpHeaders } from 'node:http';
import { type BlockList, isIP, SocketAddress } from 'node:net';

export interface Client {
  /** An IPv4 or IPv6 address in its one canonical form; `no socket` where there is none. */
  address: string;
  /** True where it is a trusted proxy's: who is behind it was not said. */
  isProxy: boolean;
  /** How the client reached us, or the proxy in front of us; it is logged. */
  scheme: 'http' | 'https';
}

/** What is read of a request; Node's `IncomingMessage` has it. */
interface Incoming {
  headers: IncomingHttpHeaders;
  socket: { remoteAddress?: string | undefined; encrypted?: boolean };
}

/**
 * The client of a request. `X-Forwarded-For` and `X-Forwarded-Proto` are anyone's to write: they
 * count only where the peer is a trusted proxy. Of the addresses the rightmost that is no trusted
 * proxy is the client, as everything left of it is what that client sent. What is no address ends
 * the search, and the last proxy before it is taken for the client.
 * @param trusted proxies whose word counts, `TRUSTED_PROXIES` in the configuration
 */
export function clientOf(incoming: Incoming | undefined, trusted: BlockList): Client {
  const { headers = {}, socket } = incoming ?? {};
  const scheme = socket?.encrypted ? 'https' : 'http';
  const peer = canonical(socket?.remoteAddress ?? '');
  if (peer === undefined) return { address: 'no socket', isProxy: false, scheme };
  if (!isTrusted(peer, trusted)) return { address: peer, isProxy: false, scheme };
  let [address, isProxy] = [peer, true];
  for (const hop of listOf(headers['x-forwarded-for']).reverse()) {
    const next = canonical(withoutPort(hop));
    if (next === undefined) break;
    address = next;
    isProxy = isTrusted(address, trusted);
    if (!isProxy) break;
  }
  const said = listOf(headers['x-forwarded-proto']).at(-1)?.toLowerCase();
  return { address, isProxy, scheme: said === 'https' || said === 'http' ? said : scheme };
}

/** Whether an address, as a socket or a header has it, is a trusted proxy's. */
export function isTrusted(address: string, trusted: BlockList): boolean {
  const known = canonical(address);
  return known !== undefined && trusted.check(known, isIP(known) === 6 ? 'ipv6' : 'ipv4');
}

/**
 * What limits by address count a client by; undefined where it is not counted, as all that is known
 * is a proxy that may stand for every player.
 */
export function countedAs({ address, isProxy }: Client): string | undefined {
  return isProxy ? undefined : limitKeyOf(address);
}

/**
 * What limits by address count by: an IPv4 address, or the /64 that an IPv6 client moves within.
 * @param address as `clientOf` gives it
 */
export function limitKeyOf(address: string): string {
  if (isIP(address) !== 6) return address;
  // RFC 4291, section 2.2: `::` stands for groups of zeros.
  const [head = '', tail = ''] = address.split('::');
  const [first, last] = [head, tail].map((part) => part.split(':').filter(Boolean));
  const groups = [...(first ?? [])];
  while (groups.length + (last?.length ?? 0) < 8) groups.push('0');
  return `${[...groups, ...(last ?? [])].slice(0, 4).join(':')}::/64`;
}

/** One text for one address, an IPv4 address in IPv6 as IPv4; undefined for what is none. */
function canonical(address: string): string | undefined {
  const kind = isIP(address);
  if (kind !== 6) return kind === 4 ? address : undefined;
  const text = new SocketAddress({ address, family: 'ipv6' }).address;
  return text.replace(/^::ffff:(?=\d+\.)/, '');
}

/** Some proxies add the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function withoutPort(hop: string): string {
  return /^\[([^\]]*)\](?::\d+)?$/.exec(hop)?.[1] ?? /^([\d.]+):\d+$/.exec(hop)?.[1] ?? hop;
}

function listOf(header: string | string[] | undefined): string[] {
  const text = Array.isArray(header) ? header.join(',') : header;
  return text === undefined ? [] : text.split(',').map((part) => part.trim());
}
