/** Which database a command works on. */
import { readStackFile } from '../local/stack-file.ts';

/** Returns `MONGODB_URI`, or the local stack's address. @throws Error if there is neither */
export function databaseUri(): string {
  if (process.env.MONGODB_URI) return process.env.MONGODB_URI;
  const dataDir = process.env.DATA_DIR || '.data';
  const stack = readStackFile(dataDir);
  if (stack) return stack.mongod.uri;
  throw new Error(`Set MONGODB_URI; no local stack is ready over ${dataDir} either.`);
}
