/** The client's address: from the socket, or from the headers of trusted proxies. */
import type { IncomingHttpHeaders } from 'node:http';
import { type BlockList, isIP, SocketAddress } from 'node:net';

export interface Client {
  /** An IPv4 or IPv6 address in its one canonical form; `no socket` where there is none. */
  address: string;
  /** True if the address is a trusted proxy's, because it did not say who is behind it. */
  isProxy: boolean;
  /** How the client reached us, or reached the proxy in front of us. For the log. */
  scheme: 'http' | 'https';
}

/** What is read of a request: a part of Node's `IncomingMessage`. */
interface Incoming {
  headers: IncomingHttpHeaders;
  socket: { remoteAddress?: string | undefined; encrypted?: boolean };
}

/**
 * The client of a request. Anyone can write `X-Forwarded-For` and `X-Forwarded-Proto`, so they
 * count only if the peer is a trusted proxy. The client is the rightmost address that is no trusted
 * proxy: what is left of it was sent by that client. Something that is no address ends the search;
 * then the last proxy before it counts as the client.
 * @param trusted the trusted proxies, `TRUSTED_PROXIES` in the configuration
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

/** Whether an address is a trusted proxy's. It may be spelled as a socket or a header spells it. */
export function isTrusted(address: string, trusted: BlockList): boolean {
  const known = canonical(address);
  return known !== undefined && trusted.check(known, isIP(known) === 6 ? 'ipv6' : 'ipv4');
}

/**
 * The key of limits by address; undefined if the client is not counted: if only a proxy is known,
 * it may stand for every player.
 */
export function countedAs({ address, isProxy }: Client): string | undefined {
  return isProxy ? undefined : limitKeyOf(address);
}

/**
 * The key of limits for an address: an IPv4 address, or the /64 of an IPv6 one, because a client
 * can use any address in its /64.
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

/** The canonical form of an address, with IPv4 in IPv6 as IPv4; undefined if it is no address. */
function canonical(address: string): string | undefined {
  const kind = isIP(address);
  if (kind !== 6) return kind === 4 ? address : undefined;
  const text = new SocketAddress({ address, family: 'ipv6' }).address;
  return text.replace(/^::ffff:(?=\d+\.)/, '');
}

/** Without the port that some proxies add: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function withoutPort(hop: string): string {
  return /^\[([^\]]*)\](?::\d+)?$/.exec(hop)?.[1] ?? /^([\d.]+):\d+$/.exec(hop)?.[1] ?? hop;
}

function listOf(header: string | string[] | undefined): string[] {
  const text = Array.isArray(header) ? header.join(',') : header;
  return text === undefined ? [] : text.split(',').map((part) => part.trim());
}
