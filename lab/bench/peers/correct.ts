/** That every side keeps its promises: a rate counts only for a saga that does its work. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { claimIdOf } from '../../../store/claims/claim-record.ts';
import { makeEvent } from '../books.ts';
import { withWires } from '../load.ts';
import type { Player } from '../players.ts';
import type { Wire } from '../wire.ts';
import { claimOn, type Side } from './side.ts';

const REWARD_ID = 'cape';

/**
 * The books of an event after so many of its claims were answered as granted: the stock adds up,
 * nothing is held, and mailbox and records say the same. @throws AssertionError
 */
export async function assertBooks(side: Side, eventId: string, granted: number): Promise<void> {
  const { name } = side;
  const { stock: stocks } = side.books.store;
  const books = (await stocks.levels(eventId)).find((b) => b.rewardId === REWARD_ID);
  assert.ok(books, `${name}: the event has a stock`);
  const { stock, available, held } = books;
  assert.equal(stock, available + held + books.granted, `${name}: the stock adds up`);
  assert.equal(held, 0, `${name}: nothing is held once all claims are final`);
  assert.equal(books.granted, granted, `${name}: as many units are gone as were granted`);
  assert.equal(
    await side.mailsOf(eventId),
    granted,
    `${name}: each granted claim is in the mailbox once`,
  );
  assert.equal(await side.grantedOf(eventId), granted, `${name}: each granted claim is recorded`);
  const unbalanced = (await stocks.unbalanced()).filter((b) => b.eventId === eventId);
  assert.deepEqual(unbalanced, [], `${name}: every part of the stock adds up`);
}

/** What each side is shown to do before it is measured. @throws AssertionError */
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
  const { eventId } = await makeEvent(side.books, 2);
  const claim = { player, eventId, key: randomUUID() };
  assert.equal(await claimOn(side, wire, claim), 'GRANTED');
  assert.equal(await claimOn(side, wire, claim), 'GRANTED', `${side.name}: the same key again`);
  await assertBooks(side, eventId, 1);
}

/** A mailbox refuses what was revoked before it came, so that the hold must be given back. */
async function undoes(side: Side, wire: Wire, player: Player): Promise<void> {
  if (!side.refuseMail) return;
  const { eventId } = await makeEvent(side.books, 2);
  const key = randomUUID();
  await side.refuseMail(`${claimIdOf(player.userId, key)}:${REWARD_ID}`);
  const outcome = await claimOn(side, wire, { player, eventId, key });
  assert.equal(outcome, 'FAILED', `${side.name}: a refused mail`);
  await assertBooks(side, eventId, 0);
}

async function sellsOut(side: Side, wires: Wire[], players: Player[]): Promise<void> {
  const { eventId } = await makeEvent(side.books, 1);
  const outcomes = await Promise.all(
    wires.map((wire, n) =>
      claimOn(side, wire, { player: players[n] as Player, eventId, key: randomUUID() }),
    ),
  );
  assert.deepEqual(outcomes.toSorted(), ['GRANTED', 'REJECTED'], `${side.name}: one unit for two`);
  await assertBooks(side, eventId, 1);
}
