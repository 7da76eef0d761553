/**
 * Checks of the audit log's chain that cost little, however long it is. Each goes on where the last
 * one ended, and also looks once more at a part of what was checked before. So an old entry that is
 * edited is found in the end. `npm run audit:verify` checks all at once.
 */
import type { Connection } from 'mongoose';
import { CHAIN_START, type ChainPlace, createAuditLog, type Walk } from './audit-log.ts';

/** The result of a check. */
export interface AuditCheck {
  /** Whether nothing wrong was found. */
  whole: boolean;
  /** Entries in the log. */
  entries: number;
  /** The last entry up to which the chain is checked and whole. */
  through: number;
  checkedAt: Date;
}

/** Where the last check ended. */
interface Progress {
  _id: 'checked';
  through: ChainPlace;
  /** How far the older entries are checked once more. */
  again: ChainPlace;
}

/** How many entries one check looks at. */
interface Portions {
  /** Behind the last check: these take about half a second. */
  ahead: number;
  /** Of those that were checked before. */
  again: number;
}
const PORTIONS: Portions = { ahead: 20_000, again: 1_000 };

export type AuditChecks = ReturnType<typeof createAuditChecks>;

/**
 * The checks, over the audit log and a document of `audit_head`.
 * @param now our clock
 * @param portions how many entries one check looks at
 */
export function createAuditChecks(
  connection: Connection,
  now: () => Date = () => new Date(),
  portions: Portions = PORTIONS,
) {
  const log = createAuditLog(connection, now);
  const progress = connection.collection<Progress>('audit_head');
  let running: Promise<AuditCheck> | undefined;

  async function checkOnce(): Promise<AuditCheck> {
    // The head is read first. Entries that come meanwhile are for the next check.
    const head = await log.head();
    const last = await progress.findOne({ _id: 'checked' });
    const from = last?.through ?? CHAIN_START;
    const most = Math.min(portions.ahead, Math.max(0, head.seq - from.seq));
    const ahead = most > 0 ? await log.walk(from, most) : { ...from, why: null };
    const isHalfway = most === portions.ahead && ahead.seq === from.seq + most;
    const older = await log.walk(last?.again ?? CHAIN_START, portions.again);
    const isOlderBroken = older.why !== null && older.seq < ahead.seq;
    const end = isOlderBroken ? older : ahead;
    const isAtHead = ahead.seq === head.seq && ahead.hash === head.hash;
    const whole = end.why === null && (isAtHead || (isHalfway && ahead.seq < head.seq));

    const again = isOlderBroken || older.seq >= ahead.seq ? CHAIN_START : placeOf(older);
    const next = { through: placeOf(end), again };
    await progress.replaceOne({ _id: 'checked' }, next, { upsert: true });
    return { whole, entries: head.seq, through: end.seq, checkedAt: now() };
  }

  return {
    /** Checks the next part of the chain. Who asks during a check gets its result. */
    async check(): Promise<AuditCheck> {
      running ??= checkOnce().finally(() => {
        running = undefined;
      });
      return await running;
    },
  };
}

const placeOf = ({ seq, hash }: Walk): ChainPlace => ({ seq, hash });
