/** Which database a command of the people on call is for. */
import { readStackFile } from '../local/stack-file.ts';

/** `MONGODB_URI`, or the local stack's. @throws Error where there is neither */
export function databaseUri(env: NodeJS.ProcessEnv = process.env): string {
  if (env.MONGODB_URI) return env.MONGODB_URI;
  const dataDir = env.DATA_DIR || '.data';
  const stack = readStackFile(dataDir);
  if (stack) return stack.mongod.uri;
  throw new Error(`Set MONGODB_URI; no local stack is ready over ${dataDir} either.`);
}
