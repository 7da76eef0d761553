/** The topic `user.status`: statuses that the game reports, handled like an admin's change. */
import { z } from 'zod';
import { DomainError } from '../domain/errors.ts';
import { isExternalId, MAX_USER_ID_LENGTH, readExternalId } from '../domain/external-id.ts';
import { USER_STATUSES } from '../domain/user.ts';
import { MAX_AHEAD_MS } from '../store/player-events/player-event-shape.ts';
import { textShape } from '../store/text-shape.ts';
import type { UserStore } from '../store/users/users.ts';
import { type IncomingRecord, jsonOf, type RefusedRecord } from './records.ts';

export interface UserStatusDeps {
  users: Pick<UserStore, 'report' | 'ensureExternal'>;
  /** The names of the trusted issuers, for external IDs; none unless given. */
  issuers?: ReadonlySet<string>;
  /** Called with a user who is no longer active, to stop their open claims soon. */
  onUserLeft: (userId: string) => Promise<void>;
  /**
   * Called where `onUserLeft` failed. Nothing is lost: each claim reads the user's record and stops
   * a little later.
   */
  onFailure: (error: unknown) => void;
  now: () => Date;
}

const shape = z.strictObject({
  userId: textShape('LINE', [1, MAX_USER_ID_LENGTH]),
  status: z.enum(USER_STATUSES),
  at: z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
});

/** Codes of a refusal that no retry can change. */
const REFUSALS: readonly string[] = ['not_found', 'conflict'];

/** The audit log's actor for whatever comes from the topic. */
const ACTOR = { userId: 'kafka/user.status', role: 'GAME_SERVER' } as const;

/** Handles the records one after another. Returns those that cannot be handled. */
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

/** Why the record cannot be handled, or null. */
async function takeOne(deps: UserStatusDeps, record: IncomingRecord): Promise<string | null> {
  const value = jsonOf(record.value);
  if (value === undefined) return 'The value is not JSON';
  const { data: report, error } = shape.safeParse(value);
  if (error) return z.prettifyError(error);
  // A time in the future would make every report until then look old.
  if (report.at.getTime() > deps.now().getTime() + MAX_AHEAD_MS) return 'at: In the future';

  const user = whose(report.userId, deps.issuers);
  if ('fault' in user) return `userId: ${user.fault}`;
  const requestId = `${record.topic}/${record.partition}/${record.offset}`;
  try {
    const by = { actor: ACTOR, requestId };
    const userId = await idOf(deps, user);
    const { user: after, isLatest } = await deps.users.report(
      by,
      { ...report, userId },
      deps.now(),
    );
    // Also for a repeated record: the process may have died before it called this.
    if (isLatest && after.status !== 'ACTIVE') {
      await deps.onUserLeft(userId).catch(deps.onFailure);
    }
    return null;
  } catch (refusal) {
    if (refusal instanceof DomainError && REFUSALS.includes(refusal.code)) return refusal.message;
    throw refusal;
  }
}

type Whose = { userId: string } | { externalId: string };

/** Whom a record's `userId` names, or what is wrong with it. */
function whose(given: string, issuers: ReadonlySet<string> = new Set()): Whose | { fault: string } {
  return isExternalId(given) ? readExternalId(given, issuers) : { userId: given };
}

/** The user's ID. A user of a trusted issuer whom nobody has seen yet is made. */
async function idOf({ users, now }: UserStatusDeps, user: Whose): Promise<string> {
  return 'userId' in user ? user.userId : await users.ensureExternal(user.externalId, now());
}
