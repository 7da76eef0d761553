/** That a durable engine is one: what was under way when its app was killed comes to its end. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../../local/until.ts';
import { makeEvent } from '../collections.ts';
import { closedLoop } from '../closed-loop.ts';
import { Wire } from '../http-wire.ts';
import { assertStock } from './assert-saga.ts';
import type { Outcome } from './saga.ts';
import { claimOn, type Side } from './side.ts';

const CLAIMS = 200;
const CLIENTS = 50;
/** Enough to be in the middle of it. */
const GRANTED_BEFORE = 50;
const PATIENCE_MS = 120_000;
const RETRY_MS = 200;

/**
 * Kills the app while many claims are under way. Posted again with the same keys, as a player's
 * client would, all are granted, each once. @throws AssertionError
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

/** Posts the claim, anew where the app was away or died over it. */
async function untilAnswered(side: Side, claim: Parameters<typeof claimOn>[2]): Promise<Outcome> {
  const giveUpMs = performance.now() + PATIENCE_MS;
  for (;;) {
    // One that was broken is of no more use.
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
