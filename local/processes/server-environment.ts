/** The environment of the local stack's processes. */

/** Variables that every server may see. */
const PLAIN = ['PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG', 'LC_ALL', 'LD_LIBRARY_PATH', 'SYSTEMROOT'];

/** The environment of servers that are not ours: without our secrets and without unrelated settings. */
export function serverEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return Object.fromEntries(PLAIN.filter((name) => name in env).map((name) => [name, env[name]]));
}

/** A variable's value. An empty one counts as missing, as in `process/config.ts`. */
export function given(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return env[name] === '' ? undefined : env[name];
}
