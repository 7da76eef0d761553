/** HTTP answers as bytes, for sockets without a request that Node could answer. */
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { ProblemAnswer } from '../problem.ts';

/** The bytes of an answer that ends its connection (RFC 9112, section 4). */
export function rawAnswer(status: number, headers: Record<string, string>, body: string): string {
  const fields = {
    ...headers,
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
    Date: new Date().toUTCString(),
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', body].join('\r\n');
}

/** The same for a problem that does not pass the application. */
export function rawProblem({ problem, status, headers }: ProblemAnswer): string {
  const own = { 'Content-Type': 'application/problem+json', 'X-Request-Id': randomUUID() };
  return rawAnswer(status, { ...own, ...headers }, JSON.stringify(problem));
}
