/** `user.status`: what the game says of a user's status, taken as an admin's change would be. */
import { z } from 'zod';
import { DomainError } from '../domain/errors.ts';
import { USER_STATUSES } from '../domain/user.ts';
import { MAX_AHEAD_MS } from '../store/player-events/player-event-shape.ts';
import { textShape } from '../store/text-shape.ts';
import type { UserStore } from '../store/users/users.ts';
import { jsonOf } from './record-value.ts';
import type { IncomingRecord, RefusedRecord } from './records.ts';

export interface UserStatusDeps {
  users: Pick<UserStore, 'report'>;
  /** Told of a user who is not active any more, so that their running claims stop soon. */
  onUserLeft: (userId: string) => Promise<void>;
  /** Told where that failed: the user's record is what stops a claim, so it does so a little later. */
  onNotTold: (error: unknown) => void;
  now: () => Date;
}

const shape = z.strictObject({
  userId: textShape('LINE', [1, 128]),
  status: z.enum(USER_STATUSES),
  at: z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
});

/** What the domain refuses for good; any other refusal may pass. */
const REFUSALS: readonly string[] = ['not_found', 'conflict'];

/** The audit log's name for whoever writes to the topic. */
const ACTOR = { userId: 'kafka/user.status', role: 'GAME_SERVER' } as const;

/** Takes the records one after the other; answers those that cannot be taken. */
export async function takeUserStatus(
  deps: UserStatusDeps,
  records: IncomingRecord[],
): Promise<RefusedRecord[]> {
  const refused: RefusedRecord[] = [];
  for (const record of records) {
    const reason = await takeOne(deps, record);
    if (reason !== null) refused.push({ record, reason });
  }
  return refused;
}

/** Why the record cannot be taken, or null. */
async function takeOne(deps: UserStatusDeps, record: IncomingRecord): Promise<string | null> {
  const value = jsonOf(record.value);
  if (value === undefined) return 'The value is not JSON';
  const { data: report, error } = shape.safeParse(value);
  if (error) return z.prettifyError(error);
  // It would make everything said until then look old.
  if (report.at.getTime() > deps.now().getTime() + MAX_AHEAD_MS) return 'at: In the future';

  const requestId = `${record.topic}/${record.partition}/${record.offset}`;
  try {
    const { user, isLatest } = await deps.users.report(
      { actor: ACTOR, requestId },
      report,
      deps.now(),
    );
    // Said again where the record comes again: the process may have died before it was said.
    if (isLatest && user.status !== 'ACTIVE') {
      await deps.onUserLeft(user.userId).catch(deps.onNotTold);
    }
    return null;
  } catch (refusal) {
    if (refusal instanceof DomainError && REFUSALS.includes(refusal.code)) return refusal.message;
    throw refusal;
  }
}
