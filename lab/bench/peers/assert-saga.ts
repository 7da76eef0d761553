/** Checks that every side does its work: only then its rate counts. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { claimIdOf } from '../../../store/claims/claim-record.ts';
import { withWires } from '../closed-loop.ts';
import { makeEvent } from '../collections.ts';
import type { Wire } from '../http-wire.ts';
import type { Player } from '../players.ts';
import { claimOn, type Side } from './side.ts';

const REWARD_ID = 'cape';

/**
 * Checks an event's stock, mailbox and records once all its claims are final.
 * @param granted how many of its claims were answered as granted
 * @throws AssertionError
 */
export async function assertStock(side: Side, eventId: string, granted: number): Promise<void> {
  const { name } = side;
  const { stock: stocks } = side.collections.store;
  const levels = (await stocks.books(eventId)).find((b) => b.rewardId === REWARD_ID);
  assert.ok(levels, `${name}: the event has a stock`);
  const { stock, available, held } = levels;
  assert.equal(stock, available + held + levels.granted, `${name}: the stock adds up`);
  assert.equal(held, 0, `${name}: nothing is held once all claims are final`);
  assert.equal(levels.granted, granted, `${name}: as many units are gone as were granted`);
  assert.equal(
    await side.mailsOf(eventId),
    granted,
    `${name}: each granted claim is in the mailbox once`,
  );
  assert.equal(await side.grantedOf(eventId), granted, `${name}: each granted claim is recorded`);
  const unbalanced = (await stocks.unbalanced()).filter((b) => b.eventId === eventId);
  assert.deepEqual(unbalanced, [], `${name}: every part of the stock adds up`);
}

/** Checks a side before it is measured: one grant a key, undoing, selling out. @throws AssertionError */
export async function assertSaga(side: Side): Promise<void> {
  await withWires([side.port], 2, async ([one, other]) => {
    const [first, second] = side.players;
    if (!one || !other || !first || !second) throw new Error(`${side.name} lacks players`);
    await grantsOnce(side, one, first);
    await undoes(side, one, first);
    await sellsOut(side, [one, other], [first, second]);
  });
}

async function grantsOnce(side: Side, wire: Wire, player: Player): Promise<void> {
  const { eventId } = await makeEvent(side.collections, 2);
  const claim = { player, eventId, key: randomUUID() };
  assert.equal(await claimOn(side, wire, claim), 'GRANTED');
  assert.equal(await claimOn(side, wire, claim), 'GRANTED', `${side.name}: the same key again`);
  await assertStock(side, eventId, 1);
}

/** A mailbox refuses a mail that was revoked before it came, so the hold must be released. */
async function undoes(side: Side, wire: Wire, player: Player): Promise<void> {
  if (!side.refuseMail) return;
  const { eventId } = await makeEvent(side.collections, 2);
  const key = randomUUID();
  await side.refuseMail(`${claimIdOf(player.userId, key)}:${REWARD_ID}`);
  const outcome = await claimOn(side, wire, { player, eventId, key });
  assert.equal(outcome, 'FAILED', `${side.name}: a refused mail`);
  await assertStock(side, eventId, 0);
}

async function sellsOut(side: Side, wires: Wire[], players: Player[]): Promise<void> {
  const { eventId } = await makeEvent(side.collections, 1);
  const outcomes = await Promise.all(
    wires.map((wire, n) =>
      claimOn(side, wire, { player: players[n] as Player, eventId, key: randomUUID() }),
    ),
  );
  assert.deepEqual(outcomes.toSorted(), ['GRANTED', 'REJECTED'], `${side.name}: one unit for two`);
  await assertStock(side, eventId, 1);
}
