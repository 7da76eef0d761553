/** Where a request is for: its target and its `Host`, made sound before anything reads them. */
import type { IncomingMessage } from 'node:http';
import type { Refusal } from '../problem.ts';

/** What is left as it is: a name or an IPv4 address with a port of four or five digits, or none. */
const PLAIN_HOST = /^[a-z0-9._-]+(?::(?:[1-5]\d{3,4}|[6-9]\d{3}))?$/;

/** RFC 3986, section 3.2.2, without percent-encoded names: no host has one. */
const HOST = /^(?:[\w.~!$&'()*+,;=-]+|\[[0-9a-f:.]+\])(?::\d*)?$/i;

const ABSOLUTE = /^https?:\/\//i;

/** Stands in where the request names no host that could. */
const NO_HOST = 'localhost';

type Incoming = Pick<IncomingMessage, 'method' | 'url' | 'headers' | 'rawHeaders' | 'httpVersion'>;

/**
 * Rewrites a request to the origin form that all of the application reads (`/path?query`, with one
 * `Host` in its canonical form). A refused request is rewritten too, so that it can be answered.
 * @returns what is wrong with it by RFC 9112, section 3.2; undefined where nothing is
 */
export function settleTarget(incoming: Incoming): Refusal | undefined {
  const refusal = settleHost(incoming) ?? settlePath(incoming);
  // What cannot be a path cannot be shown as one.
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

/** The host as URLs have it; undefined where it is none. */
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
  // RFC 9110, section 4.2.4: a name and password there are taken for an attempt to deceive.
  if (absolute === null || absolute.username + absolute.password !== '') {
    return refused('The address of this request is not valid.');
  }
  // RFC 9112, section 3.2.2: the host of the target counts, and not the header.
  headers.host = absolute.host;
  incoming.url = absolute.pathname + absolute.search;
  return undefined;
}

/** A path without a backslash, which some take for a slash and some do not. */
function isOriginForm(url: string): boolean {
  return url.startsWith('/') && !/^[^?]*\\/.test(url);
}

function refused(detail: string): Refusal {
  return { code: 'invalid_request', detail };
}
