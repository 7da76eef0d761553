/** What the processes of the local stack are given as their environment. */

const PLAIN = ['PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG', 'LC_ALL', 'LD_LIBRARY_PATH', 'SYSTEMROOT'];

/** For servers that are not ours: no secret of ours, and no setting of theirs that is in ours by chance. */
export function serverEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return Object.fromEntries(PLAIN.filter((name) => name in env).map((name) => [name, env[name]]));
}

/** A variable's value, with an empty one as good as none, as `process/config.ts` reads them. */
export function given(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return env[name] === '' ? undefined : env[name];
}
