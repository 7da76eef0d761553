/** What tests of the whole stack share: an open event, waiting, and looking at every book that must add up. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import {
  WorkflowFailedError,
  type WorkflowHandle,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { Connection } from 'mongoose';
import type { PassReport } from '../activities/upkeep.ts';
import { grantIdOf, isFinal } from '../domain/claims/claim.ts';
import type { EventFields } from '../domain/events/event.ts';
import { CAPE, eventFields, ONCE } from '../domain/events/test-fields.ts';
import { until as untilSeen } from '../local/until.ts';
import { type Claim, claimIdOf } from '../store/claims/claim-record.ts';
import type { StoredEvent } from '../store/events/events.ts';
import { OPERATOR } from '../store/events/test-events.ts';
import { connect } from '../store/mongodb/connection.ts';
import type { StockLevels } from '../store/stock/stock.ts';
import type { StaffContext } from '../store/users/staff.ts';
import { workflowIdOf } from '../temporal/workflow-id.ts';
import { RECONCILE_WORKFLOW, UPKEEP_QUEUE } from '../workflows/contract.ts';
import { dropDatabase } from './drop-database.ts';
import type { Laurel } from './laurel.ts';
import { testServers, uniqueName } from './servers.ts';

export { CAPE, DAILY_IN_SEOUL, MESOS } from '../domain/events/test-fields.ts';
export { OPERATOR } from '../store/events/test-events.ts';

/** What it takes to wait for a claim's record. */
export type Waitable = Pick<Laurel, 'store' | 'changes'>;

export const ADMIN: StaffContext = {
  actor: { userId: 'usr_admin', role: 'ADMIN' },
  requestId: 'test',
};

const FAR_OFF = new Date('2100-01-01T00:00:00Z');
/** Between two looks, in milliseconds. */
const POLL_MS = 50;
/** The same for a claim's record, whose changes are told of, but not its beginning. */
const REREAD_MS = 500;
/** Long, as a busy machine is no fault of what is tested; only a failing test waits for it. */
const PATIENCE_MS = 60_000;

/** An active event, open now and for long, of ten capes through the mailbox; `given` changes it. */
export async function event(
  laurel: Pick<Laurel, 'store'>,
  given: Partial<EventFields> = {},
): Promise<StoredEvent> {
  const fields = eventFields({
    startsAt: new Date(0),
    endsAt: FAR_OFF,
    claimUntil: null,
    listedFrom: null,
    period: ONCE,
    rewards: [CAPE],
    ...given,
  });
  return (await laurel.store.events.create(OPERATOR, fields, 'ACTIVE')).event;
}

/** The same through the simulated game. */
export async function gameEvent(
  laurel: Pick<Laurel, 'store'>,
  given: Partial<EventFields> = {},
): Promise<StoredEvent> {
  return await event(laurel, { fulfillment: { provider: 'game' }, ...given });
}

/**
 * A connection to a database of the test's own, dropped and closed when the test ends. `options` is
 * added to the connection string, such as `&monitorCommands=true`.
 */
export async function database(test: TestContext, options = ''): Promise<Connection> {
  const { mongodbUri, stop } = await testServers();
  const uri = mongodbUri(uniqueName('test')) + options;
  const connection = await connect(uri, { appName: 'laurel-test' });
  test.after(async () => {
    await dropDatabase(connection);
    await connection.close();
    await stop();
  });
  return connection;
}

/** Looks until there is something to see, and returns it. @throws Error naming what was awaited */
export async function until<T>(
  look: () => T | Promise<T>,
  what: string,
  timeoutMs = PATIENCE_MS,
): Promise<Exclude<T, null | undefined | false>> {
  return await untilSeen(what, look, { pollMs: POLL_MS, timeoutMs });
}

/** Does the work for every item, `atOnce` of them side by side; answers in the items' order. */
export async function inBatches<T, R>(
  atOnce: number,
  items: T[],
  work: (item: T, n: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  for (let n = 0; n < items.length; n += atOnce) {
    const batch = items.slice(n, n + atOnce);
    results.push(...(await Promise.all(batch.map((item, i) => work(item, n + i)))));
  }
  return results;
}

/**
 * The least of three measurements, in milliseconds: what is slow by nature is slow each time, what a
 * busy machine delays is not.
 */
export async function leastMs(measureMs: () => Promise<number>): Promise<number> {
  return Math.min(await measureMs(), await measureMs(), await measureMs());
}

/** The claim's record. */
export async function recordOf(laurel: Pick<Laurel, 'store'>, claimId: string): Promise<Claim> {
  const claim = await laurel.store.claims.get(claimId);
  assert.ok(claim, `claim ${claimId} is recorded`);
  return claim;
}

/**
 * The record once it fits. Reads again when the claim has changed, and now and then: many claims wait
 * side by side, and polling for each would cost more than the claims do.
 * @throws Error with the record as it stands, where it does not fit in time
 */
export async function recordOnce(
  laurel: Waitable,
  claimId: string,
  fits: (claim: Claim) => boolean,
  timeoutMs = PATIENCE_MS,
): Promise<Claim> {
  const deadlineMs = performance.now() + timeoutMs;
  let changed = Promise.withResolvers<void>();
  const unsubscribe = laurel.changes.subscribe(claimId, () => changed.resolve());
  try {
    for (;;) {
      // Armed before the read: a change during it is heard.
      changed = Promise.withResolvers();
      const last = await laurel.store.claims.get(claimId);
      if (last && fits(last)) return last;
      if (performance.now() > deadlineMs) {
        throw new Error(`Waited in vain for ${fits}; the record is ${JSON.stringify(last)}`);
      }
      const timer = setTimeout(changed.resolve, REREAD_MS);
      await changed.promise;
      clearTimeout(timer);
    }
  } finally {
    unsubscribe();
  }
}

/** The record once it is final. */
export async function ended(laurel: Waitable, claimId: string, timeoutMs?: number): Promise<Claim> {
  return await recordOnce(laurel, claimId, (claim) => isFinal(claim.state), timeoutMs);
}

/** The record once it is parked for the `number`th time. */
export async function parked(laurel: Waitable, claimId: string, number = 1): Promise<Claim> {
  const isParked = (claim: Claim) =>
    claim.state === 'NEEDS_ATTENTION' && claim.parking?.number === number;
  return await recordOnce(laurel, claimId, isParked);
}

/** A new player and a key, with the ID of the claim that they will have with it. */
export async function playerWithKey(laurel: Pick<Laurel, 'signIn'>) {
  const { id, token } = await laurel.signIn();
  const key = uniqueName('key');
  return { id, token, key, claimId: claimIdOf(id, key) };
}

/** Whether Temporal has a run of the claim. */
export async function hasRun(
  laurel: Pick<Laurel, 'client'>,
  claim: { userId: string; idempotencyKey: string },
): Promise<boolean> {
  return await workflowOf(laurel, claim)
    .describe()
    .then(
      () => true,
      (error: unknown) => {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      },
    );
}

/** The handle of the claim's latest run. */
export function workflowOf(
  laurel: Pick<Laurel, 'client'>,
  claim: { userId: string; idempotencyKey: string },
): WorkflowHandle {
  return laurel.client.workflow.getHandle(workflowIdOf(claim.userId, claim.idempotencyKey));
}

/** Resolves with the claim's run once Temporal has it: on a busy machine the answer comes before it. */
export async function runThere(
  laurel: Pick<Laurel, 'client'>,
  claim: { userId: string; idempotencyKey: string },
): Promise<WorkflowHandle> {
  const run = workflowOf(laurel, claim);
  const isThere = () =>
    run.describe().then(
      () => true,
      () => false,
    );
  await until(isThere, 'the run');
  return run;
}

/** Resolves once the claim's run has nothing to do: what comes next comes from outside. */
export async function atRest(
  laurel: Pick<Laurel, 'client'>,
  claim: { userId: string; idempotencyKey: string },
): Promise<void> {
  await until(async () => {
    const { raw } = await workflowOf(laurel, claim).describe();
    return !raw.pendingWorkflowTask && (raw.pendingActivities ?? []).length === 0;
  }, 'the run to be at rest');
}

/** How the claim's latest run closed, such as `COMPLETED`; waits for it. */
export async function runClosed(
  laurel: Pick<Laurel, 'client'>,
  claim: { userId: string; idempotencyKey: string },
): Promise<string> {
  const handle = workflowOf(laurel, claim);
  await handle.result().catch((error: unknown) => {
    if (!(error instanceof WorkflowFailedError)) throw error;
  });
  return (await handle.describe()).status.name;
}

/** Resolves once the claim's latest run has heard that it is to be cancelled. */
export async function cancelHeard(
  laurel: Pick<Laurel, 'client'>,
  claim: { userId: string; idempotencyKey: string },
): Promise<void> {
  await until(async () => {
    const { events } = await workflowOf(laurel, claim).fetchHistory();
    const since = events?.findIndex((e) => e.workflowExecutionCancelRequestedEventAttributes) ?? -1;
    const later = since < 0 ? [] : events?.slice(since);
    return later?.some((e) => e.workflowTaskCompletedEventAttributes);
  }, 'the run to hear of its cancellation');
}

/** The activities that the claim's latest run had on task queues, in their order; waits for its end. */
export async function activitiesOf(
  laurel: Pick<Laurel, 'client' | 'store'>,
  claimId: string,
): Promise<{ name: string; queue: string }[]> {
  const run = workflowOf(laurel, await recordOf(laurel, claimId));
  await run.result();
  const { events } = await run.fetchHistory();
  return (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
    scheduled
      ? [{ name: scheduled.activityType?.name ?? '', queue: scheduled.taskQueue?.name ?? '' }]
      : [],
  );
}

/** How many signals the claim's latest run has got. */
export async function signalsOf(
  laurel: Pick<Laurel, 'client' | 'store'>,
  claimId: string,
): Promise<number> {
  const handle = workflowOf(laurel, await recordOf(laurel, claimId));
  const { events } = await until(() => handle.fetchHistory(), 'the history');
  return events?.filter((e) => e.workflowExecutionSignaledEventAttributes).length ?? 0;
}

/** How many runs the claim ever had, by Temporal's own list, which lags: waits until it shows `least`. */
export async function runsOf(
  laurel: Pick<Laurel, 'client'>,
  claim: { userId: string; idempotencyKey: string },
  least = 1,
): Promise<string[]> {
  const query = `WorkflowId = "${workflowIdOf(claim.userId, claim.idempotencyKey)}"`;
  return await until(async () => {
    const found: string[] = [];
    for await (const run of laurel.client.workflow.list({ query })) found.push(run.runId);
    return found.length >= least && found;
  }, `${least} runs of the claim`);
}

/** The stock levels of one reward, after every bucket of the event was seen to add up. */
export async function levelsOf(
  laurel: Pick<Laurel, 'store'>,
  { eventId }: { eventId: string },
  rewardId = CAPE.rewardId,
): Promise<Omit<StockLevels, 'rewardId'>> {
  const unbalanced = (await laurel.store.stock.unbalanced()).filter((b) => b.eventId === eventId);
  assert.deepEqual(unbalanced, [], 'stock = available + held + granted in every bucket');
  const books = await laurel.store.stock.levels(eventId);
  const own = books.find((b) => b.rewardId === rewardId);
  assert.ok(own, `${rewardId} has a stock`);
  const { stock, available, held, granted } = own;
  return { stock, available, held, granted };
}

/** What the simulated game gave for a claim's line: its state, and how often the player got it. */
export function givenBy(
  laurel: Pick<Laurel, 'game'>,
  claimId: string,
  lineId = CAPE.rewardId,
): { state: string; applied: number } | null {
  const grant = laurel.game.ledger().find((g) => g.grantId === grantIdOf(claimId, lineId));
  return grant ? { state: grant.state, applied: grant.applied } : null;
}

/** How a claim ended: its state, and its reason where it has one, such as `FAILED / USER_NOT_ACTIVE`. */
export const endOf = ({ state, reason }: { state: string; reason: string | null }): string =>
  reason === null ? state : `${state} / ${reason}`;

/** The calls the simulated game got about a claim, oldest first. */
export function callsAbout(laurel: Pick<Laurel, 'game'>, claimId: string): (string | null)[] {
  return laurel.game
    .requests()
    .filter((r) => r.grantId?.startsWith(`${claimId}:`))
    .map((r) => r.verb);
}

/** Whether the claim has its entitlement. */
export async function hasEntitlement(
  laurel: Pick<Laurel, 'store'>,
  claimId: string,
): Promise<boolean> {
  return ((await recordOf(laurel, claimId)).entitlements ?? []).length > 0;
}

/** Makes a record look as if it were a minute old: reconciliation leaves newer ones alone. */
export async function leaveAlone(laurel: Pick<Laurel, 'store'>, claimId: string): Promise<void> {
  const aMinuteAgo = new Date(Date.now() - 60_000);
  const old = { updatedAt: aMinuteAgo, recordedAt: aMinuteAgo };
  await laurel.store.claims.model.updateOne({ _id: claimId }, old);
}

/** One pass of reconciliation; answers what it did, whatever other passes do at the same time. */
export async function reconcile(laurel: Pick<Laurel, 'client'>): Promise<PassReport> {
  return await laurel.client.workflow.execute<() => Promise<PassReport>>(RECONCILE_WORKFLOW, {
    workflowId: uniqueName('reconcile'),
    taskQueue: UPKEEP_QUEUE,
    args: [],
  });
}
