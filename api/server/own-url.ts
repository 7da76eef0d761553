/** Where a process on the same machine reaches the API. */

/** One that listens everywhere does so on the loopback address too. */
const LOOPBACK: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** The API's URL, from the address it listens on (`HOST`) and its port. */
export function ownUrl({ HOST, PORT }: { HOST: string; PORT: number | string }): string {
  const host = LOOPBACK[HOST] ?? HOST;
  return `http://${host.includes(':') ? `[${host}]` : host}:${PORT}`;
}
