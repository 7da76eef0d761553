/** `npm run audit:verify`: walks the audit log's chain and says whether anybody tampered with it. */
import { parseArgs } from 'node:util';
import { createAuditLog } from '../store/audit-log.ts';
import { connect } from '../store/mongodb/connection.ts';
import { databaseUri } from './database-uri.ts';

const USAGE = `Usage: npm run audit:verify [-- --expect SEQ:HASH]

Checks every entry of the audit log against the one before it, and the last one against the chain's
head. Exits with 0 if the log is whole, with 1 and the first broken entry if it is not.

  --expect SEQ:HASH   also checks that entry SEQ has this hash: a head noted down earlier, outside
                      the database, shows that nothing up to there was replaced as a whole
  MONGODB_URI         the database; by default that of the local stack
  DATA_DIR            the local stack's data folder (.data)
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { expect: { type: 'string' }, help: { type: 'boolean' } },
  });
  const expected = values.expect && /^(\d{1,15}):([0-9a-f]{64})$/.exec(values.expect);
  if (values.help || (values.expect !== undefined && !expected)) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const database = await connect(databaseUri(), { appName: 'laurel-audit-verify' });
  try {
    const audit = createAuditLog(database);
    const verdict = await audit.verify();
    if (!verdict.isWhole) {
      console.error(`The audit log was tampered with: ${verdict.why}.`);
      return 1;
    }
    if (expected && (await audit.hashAt(Number(expected[1]))) !== expected[2]) {
      console.error(`The audit log was replaced: entry ${expected[1]} is not the one expected.`);
      return 1;
    }
    console.log(`The audit log is whole: ${verdict.entries} entries.`);
    console.log(`Note down its head: ${verdict.entries}:${verdict.head}`);
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
