/**
 * `npm run erasures:list` prints all erasures, to be kept outside the database.
 * `npm run erasures:replay` erases the same users again, after a backup was restored.
 */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { type Store, storeOfCommand } from '../store/index.ts';
import { connect } from '../store/mongodb/connection.ts';
import { databaseUri } from './database-uri.ts';

const USAGE = `Usage: npm run erasures:list > FILE
       npm run erasures:replay -- FILE

list prints a line for each user who was erased: {"userId": …, "at": …, "by": …}.
replay erases the users of such a file in a database that was restored from a backup. It also takes
the API's log, where each erasure has a line with the same fields under "erasure"; other lines are
passed over. Run npm run migrate before it. Users who are erased already stay so; it may be stopped and run again. Open claims of
these users are stopped by the worker, and erased after that.

  MONGODB_URI   the database; by default that of the local stack
  DATA_DIR      the local stack's data folder (.data)
`;

/** The user and the admin whom a line names; null for a line of something else. */
function erasureIn(line: string): { userId: string; by: string } | null {
  const read = parsed(line);
  const { userId, by } = read?.erasure ?? read ?? {};
  return typeof userId === 'string' && typeof by === 'string' ? { userId, by } : null;
}

interface Line {
  userId?: unknown;
  by?: unknown;
  erasure?: { userId?: unknown; by?: unknown };
}

function parsed(line: string): Line | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' ? (value as Line) : null;
  } catch {
    return null;
  }
}

/** Prints the erasures. */
async function list({ erasures }: Store): Promise<void> {
  for await (const erasure of erasures.list()) console.log(JSON.stringify(erasure));
}

/** Erases one user. @returns what became of it, in words; null where the user was never there */
async function eraseAgain(store: Store, userId: string, by: string): Promise<string | null> {
  if (!(await store.users.get(userId))) return null;
  const staff = { actor: { userId: by, role: 'ADMIN' as const }, requestId: 'erasures:replay' };
  const operation = await store.erasures.request(staff, userId);
  await store.personalData.erase(userId);
  if ((await store.claims.openOf(userId)).length > 0) return 'goes on when the open claims ended';
  await store.operations.finishErasure(operation);
  return 'erased';
}

/** Erases all users of a file again. @returns how many lines named one */
async function replay(store: Store, file: string): Promise<number> {
  let erasures = 0;
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const found = erasureIn(line);
    if (!found) continue;
    erasures += 1;
    const outcome = await eraseAgain(store, found.userId, found.by);
    console.log(`${found.userId}: ${outcome ?? 'not in this database'}`);
  }
  return erasures;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { help: { type: 'boolean' } },
    allowPositionals: true,
  });
  const [verb, file] = positionals;
  const isCall = verb === 'list' ? file === undefined : verb === 'replay' && file !== undefined;
  if (values.help || !isCall) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const database = await connect(databaseUri(), { appName: 'laurel-erasures' });
  try {
    const store = storeOfCommand(database);
    if (file === undefined) await list(store);
    else if ((await replay(store, file)) === 0) {
      console.error(`There is no erasure in ${file}.`);
      return 1;
    }
    return 0;
  } finally {
    await database.close();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
