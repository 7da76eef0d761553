/** Removes what a test leaves in MongoDB. */
import type { Connection } from 'mongoose';

/**
 * Drops the connection's database, so that a server which many tests share stays small. One that is
 * too busy to do so in the connection's time keeps it until its own folder goes: no test has failed.
 */
export async function dropDatabase(connection: Connection | undefined): Promise<void> {
  await connection?.dropDatabase().catch(() => {});
}
