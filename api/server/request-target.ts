/** A request's target and `Host`, made canonical before anything else reads them. */
import type { IncomingMessage } from 'node:http';
import type { Refusal } from '../problem.ts';

/**
 * Hosts that URLs write as they are: lower-case names, maybe with a port. The last label begins with
 * a letter, as one that is a number makes the host an IPv4 address, and most of those are not valid.
 */
const PLAIN_HOST = /^(?:[a-z0-9_-]+\.)*[a-z][a-z0-9_-]*(?::(?:[1-5]\d{3,4}|[6-9]\d{3}))?$/;

/** RFC 3986, section 3.2.2, but without percent-encoded names, as no real host has one. */
const HOST = /^(?:[\w.~!$&'()*+,;=-]+|\[[0-9a-f:.]+\])(?::\d*)?$/i;

const ABSOLUTE = /^https?:\/\//i;

/** Stands in for a host that is missing or not valid. */
const NO_HOST = 'localhost';

type Incoming = Pick<IncomingMessage, 'method' | 'url' | 'headers' | 'rawHeaders' | 'httpVersion'>;

/**
 * Rewrites a request to the origin form that the application reads (`/path?query`, with one
 * `Host` in its canonical form). A refused request is rewritten too, so that it can be answered.
 * @returns why it is refused by RFC 9112, section 3.2; undefined if it is not
 */
export function settleTarget(incoming: Incoming): Refusal | undefined {
  const refusal = settleHost(incoming) ?? settlePath(incoming);
  // The answer shows the path, so it must be one.
  if (refusal && !isOriginForm(incoming.url ?? '')) incoming.url = '/';
  return refusal;
}

function settleHost({ headers, rawHeaders, httpVersion }: Incoming): Refusal | undefined {
  const hosts = rawHeaders.filter((text, i) => i % 2 === 0 && /^host$/i.test(text)).length;
  const host = hosts === 0 && httpVersion === '1.0' ? NO_HOST : hosts === 1 ? headers.host : '';
  const settled = canonicalHost(host ?? '');
  headers.host = settled ?? NO_HOST;
  return settled === undefined ? refused('Send one `Host` header, with a valid host.') : undefined;
}

/** The host as URLs write it; undefined if it is not valid. */
function canonicalHost(host: string): string | undefined {
  if (PLAIN_HOST.test(host)) return host;
  return HOST.test(host) ? URL.parse(`http://${host}/`)?.host : undefined;
}

function settlePath(incoming: Incoming): Refusal | undefined {
  const { url = '', headers, method } = incoming;
  if (isOriginForm(url)) return undefined;
  if (url === '*' && method === 'OPTIONS') {
    return { code: 'not_found', detail: 'There is nothing at this address.' };
  }
  const absolute = ABSOLUTE.test(url) && !/^[^?]*\\/.test(url) ? URL.parse(url) : null;
  // RFC 9110, section 4.2.4: user information in a target is treated as an attempt to deceive.
  if (absolute === null || absolute.username + absolute.password !== '') {
    return refused('The address of this request is not valid.');
  }
  // RFC 9112, section 3.2.2: the target's host counts, not the header.
  headers.host = absolute.host;
  incoming.url = absolute.pathname + absolute.search;
  return undefined;
}

/** A path without a backslash: some software takes that for a slash, some does not. */
function isOriginForm(url: string): boolean {
  return url.startsWith('/') && !/^[^?]*\\/.test(url);
}

/** A refusal of what is no valid request. @param detail one sentence for a person */
export function refused(detail: string): Refusal {
  return { code: 'invalid_request', detail };
}
