/** Staff ask what a player's claim would meet; a player asks only for themselves. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { uniqueName } from '../../test/servers.ts';
import type { SignedIn } from '../test-app.ts';
import { as, at, create, type ShownEvent, t, useEventApi } from './test-events.ts';

useEventApi();

const QUEST = { metric: 'quest.completed', key: 'snow-1', atLeast: 2 };
const support = as('SUPPORT');

let player: SignedIn;
let event: ShownEvent;

/** Called in the suites: hooks at a file's top run at once with those that bring the API up. */
async function prepare(): Promise<void> {
  player = await t.signIn();
  event = await create({ startsAt: '2026-01-01T00:00:00Z', condition: QUEST });
  const done = { id: uniqueName('q'), userId: player.id, metric: QUEST.metric, key: QUEST.key };
  const sent = [{ ...done, at: new Date().toISOString() }];
  assert.equal((await t.store.progress.ingest(sent, new Date())).accepted, 1);
}

const asked = (userId: string, of = event) => `${at(of)}/eligibility?userId=${userId}`;

describe('eligibility of a player whom staff name', () => {
  before(prepare);

  it('is the answer that the player gets', async () => {
    const own = await t.call('GET', `${at(event)}/eligibility`, { token: player.accessToken });
    assert.deepEqual((own.body.condition as { have: number }).have, 1);
    for (const role of ['SUPPORT', 'OPERATOR', 'AUDITOR', 'ADMIN'] as const) {
      const { status, body } = await as(role)('GET', asked(player.id));
      assert.equal(status, 200, JSON.stringify(body));
      assert.deepEqual({ ...body, at: own.body.at }, own.body);
    }
  });

  it('says that the player is not active, first of all', async () => {
    const banned = await t.signIn();
    const token = (await t.signIn('ADMIN')).accessToken;
    const body = { status: 'BANNED' };
    await t.call('PATCH', `/api/users/${banned.id}`, { token, body });
    const answer = await support('GET', asked(banned.id));
    const { eligible, reasons } = answer.body;
    assert.deepEqual([eligible, reasons], [false, ['USER_NOT_ACTIVE', 'CONDITION_NOT_MET']]);
    const open = await create({ startsAt: '2026-01-01T00:00:00Z' });
    const { body: ofOpen } = await support('GET', asked(banned.id, open));
    assert.deepEqual([ofOpen.eligible, ofOpen.reasons], [false, ['USER_NOT_ACTIVE']]);
  });

  it('says of a draft that it is not open', async () => {
    const draft = await create({ status: 'DRAFT' });
    const { status, body } = await support('GET', asked(player.id, draft));
    assert.deepEqual([status, body.reasons], [200, ['EVENT_NOT_OPEN']]);
  });

  it('needs the name of a player', async () => {
    const answer = await support('GET', `${at(event)}/eligibility`);
    assert.deepEqual([answer.status, answer.body.code], [400, 'invalid_request']);
    const { id: operatorId } = await t.signIn('OPERATOR');
    for (const userId of ['usr_nobody', operatorId]) {
      const { status, body } = await support('GET', asked(userId));
      assert.deepEqual([status, body.code], [404, 'not_found']);
    }
  });
});

describe('a player', () => {
  before(prepare);

  it('may name themselves and nobody else', async () => {
    const other = await t.signIn();
    const ask = (userId: string) => t.call('GET', asked(userId), { token: player.accessToken });
    assert.equal((await ask(player.id)).status, 200);
    for (const userId of [other.id, 'usr_nobody']) {
      const { status, body } = await ask(userId);
      assert.deepEqual([status, body.code], [403, 'forbidden']);
    }
  });

  it('is told nothing of a draft', async () => {
    const draft = await create({ status: 'DRAFT' });
    const token = player.accessToken;
    assert.equal((await t.call('GET', `${at(draft)}/eligibility`, { token })).status, 404);
  });
});
