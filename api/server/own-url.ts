/** The API's URL for a process on the same machine. */

/** An API that listens on all addresses is reached over the loopback address. */
const LOOPBACK: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** The API's URL, made of the address it listens on (`HOST`) and its port. */
export function ownUrl({ HOST, PORT }: { HOST: string; PORT: number | string }): string {
  const host = LOOPBACK[HOST] ?? HOST;
  return `http://${host.includes(':') ? `[${host}]` : host}:${PORT}`;
}
