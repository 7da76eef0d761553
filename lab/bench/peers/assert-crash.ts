/** Checks that a durable engine is durable: claims under way when its app is killed become final. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../../local/until.ts';
import { closedLoop } from '../closed-loop.ts';
import { makeEvent } from '../collections.ts';
import { Wire } from '../http-wire.ts';
import { assertStock } from './assert-saga.ts';
import type { Outcome } from './saga.ts';
import { claimOn, type Side } from './side.ts';

/** Claims, and clients that send them. */
const CLAIMS = 200;
const CLIENTS = 50;
/** Granted claims before the kill, so that it comes in the middle. */
const GRANTED_BEFORE = 50;
/** Longest wait for one claim. */
const PATIENCE_MS = 120_000;
/** Pause before a claim is sent again. */
const RETRY_MS = 200;

/**
 * Kills the app while many claims are under way. Clients send them again with the same keys, and all
 * must be granted exactly once.
 * @throws AssertionError
 */
export async function assertSurvives(side: Side): Promise<void> {
  if (side.crash === undefined) return;
  const { eventId } = await makeEvent(side.collections, CLAIMS);
  const claims = side.players.slice(0, CLAIMS).map((player) => {
    return { player, eventId, key: randomUUID() };
  });
  const outcomes: Outcome[] = [];
  const all = closedLoop(claims, CLIENTS, async (claim) => {
    outcomes.push(await untilAnswered(side, claim));
  });
  const begun = until(
    `${side.name} to be in the middle of its claims`,
    async () => (await side.grantedOf(eventId)) >= GRANTED_BEFORE,
    { pollMs: 10, timeoutMs: PATIENCE_MS },
  );
  await Promise.race([begun, all]);
  side.crash();
  await all;
  assert.deepEqual(new Set(outcomes), new Set(['GRANTED']), `${side.name}: claims over a crash`);
  await assertStock(side, eventId, CLAIMS);
}

/** Sends the claim, and sends it again if the app was down or died. */
async function untilAnswered(side: Side, claim: Parameters<typeof claimOn>[2]): Promise<Outcome> {
  const giveUpMs = performance.now() + PATIENCE_MS;
  for (;;) {
    // A new connection for each try: a broken one cannot be used again.
    const wire = new Wire(side.port);
    try {
      return await claimOn(side, wire, claim);
    } catch (error) {
      if (performance.now() > giveUpMs) throw error;
      await sleep(RETRY_MS);
    } finally {
      wire.close();
    }
  }
}
