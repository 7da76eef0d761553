/** Heals after the faults: ends them, retries parked claims, and waits until every claim is final. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ServiceError } from '@temporalio/client';
import { isOfDatabase } from '../../store/mongodb/connection.ts';
import { succeeded } from './client.ts';
import { OWN_PROCESSES } from './plan.ts';
import type { Scene } from './scene.ts';

/** What the healing needs of a scene. */
export type Patient = Pick<Scene, 'store' | 'runs' | 'staff'>;

/** Longest wait for each part of the healing. Every backoff and timeout of Laurel is shorter. */
const HEALING_MS = 180_000;

/** Pause between two looks. */
const LOOK_EVERY_MS = 1_000;

/** Pause between two bulk retries, in which retried claims can end or park again. */
const RETRY_EVERY_MS = 5_000;

/** Ends every lasting fault. Players who left stay away. */
export async function mend(
  { stack, game, staff, events }: Pick<Scene, 'stack' | 'game' | 'staff' | 'events'>,
  signal: AbortSignal,
): Promise<void> {
  for (const name of OWN_PROCESSES) stack.signal(name, 'SIGCONT');
  stack.wires.mendAll();
  await game.behave([]);
  await game.decidePending();
  for (const { eventId } of events) await staff.setEventStatus(eventId, 'ACTIVE', signal);
}

/** Retries parked claims, as an admin would, until every claim is final. False if it takes too long. */
export async function untilAllFinal(
  { store, staff }: Patient,
  signal: AbortSignal,
): Promise<boolean> {
  const late = AbortSignal.timeout(HEALING_MS);
  const { model } = store.claims;
  let retryAtMs = 0;
  return await until(signal, late, async () => {
    if ((await model.countDocuments({ open: true })) === 0) return true;
    const parked = await model.countDocuments({ state: 'NEEDS_ATTENTION' });
    if (parked > 0 && performance.now() > retryAtMs) {
      const answer = await staff.decideAll('retry', AbortSignal.any([signal, late]));
      succeeded(answer, 'retrying what is parked');
      retryAtMs = performance.now() + RETRY_EVERY_MS;
    }
    return false;
  });
}

/** Waits for two passes of reconciliation that begin after now and have no failures. */
export async function untilReconciledTwice(
  { store }: Patient,
  signal: AbortSignal,
): Promise<boolean> {
  const from = new Date();
  return await until(signal, AbortSignal.timeout(HEALING_MS), async () => {
    const latest = await store.reconciliations.latest(10);
    return latest.filter((run) => run.startedAt >= from && run.failures === 0).length >= 2;
  });
}

/** Waits until no claim's workflow runs. Returns the IDs of those that still run when time is up. */
export async function runsLeft({ runs }: Patient, signal: AbortSignal): Promise<string[]> {
  let left: string[] = [];
  await until(signal, AbortSignal.timeout(HEALING_MS), async () => {
    left = await runs.running();
    return left.length === 0;
  });
  return left;
}

/** Calls `look` every second, ignoring outages, until it is true. False when time is up. */
async function until(
  signal: AbortSignal,
  late: AbortSignal,
  look: () => Promise<boolean>,
): Promise<boolean> {
  for (;;) {
    signal.throwIfAborted();
    const found = await look().catch((error: Error) => {
      if (late.aborted || isOfDatabase(error) || error instanceof ServiceError) return false;
      throw error;
    });
    if (found) return true;
    if (late.aborted) return false;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}
