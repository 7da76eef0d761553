/** An answer where there is no request that the application could answer. */
import { STATUS_CODES } from 'node:http';
import type { ProblemAnswer } from './problem.ts';

/** The bytes of an answer that ends its connection (RFC 9112, section 4). */
export function rawAnswer({ problem, status, headers }: ProblemAnswer): string {
  const body = JSON.stringify(problem);
  const fields = {
    'Content-Type': 'application/problem+json',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
    Date: new Date().toUTCString(),
    ...headers,
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', body].join('\r\n');
}
