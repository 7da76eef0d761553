/** Builds the indexes that are missing in the database, and ends the process. */
import { migrateConfig } from '../../process/config.ts';
import { endOnFatal } from '../../process/fatal.ts';
import { leave } from '../../process/shutdown.ts';
import { migrate } from '../../store/index.ts';
import { openDatabase } from '../../store/mongodb/database.ts';

/** Exits with 0 once every index exists, or with 1 and the reason. */
export async function runMigration(): Promise<void> {
  endOnFatal('migrate');
  const config = migrateConfig();
  const uri = config.MONGODB_URI;
  const database = await openDatabase(uri, { appName: 'laurel-migrate' });
  const slimsClaims = config.CLAIMS_RETENTION_DAYS !== undefined;
  const rules = { ttlDays: config.ACTIVITY_TTL_DAYS, gauges: {} };
  await migrate(database, rules, { uri, slimsClaims, log: console });
  await database.close();
  leave(0);
}
