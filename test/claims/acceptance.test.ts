import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { ClaimBody } from '../../api/claims/claim-body.ts';
import { isFinal } from '../../domain/claims/claim.ts';
import { eventFields } from '../../domain/events/test-fields.ts';
import type { User } from '../../store/users/users.ts';
import { MOUNT } from '../game-claims.ts';
import { CAPE, event, OPERATOR, workflowOf } from '../helpers.ts';
import { type Laurel, startLaurel } from '../laurel.ts';
import { leaves } from '../outcomes.ts';
import { uniqueName } from '../servers.ts';

let laurel: Laurel;
/** Users as this process remembers them, though their records have changed. */
const remembered = new Map<string, User>();

before(async () => {
  laurel = await startLaurel({
    api: {
      currentUsers: {
        // What is remembered is too old where less than the usual age is asked for.
        get: async (userId, maxAgeMs) =>
          (maxAgeMs === undefined ? remembered.get(userId) : undefined) ??
          (await laurel.store.users.get(userId)),
        forget: (userId) => remembered.delete(userId),
      },
    },
  });
});
after(() => laurel.stop());

interface Sent {
  token?: string | undefined;
  key?: string | undefined;
  /** As it is sent. */
  text?: string | undefined;
  headers?: Record<string, string>;
}

/** One claim, with whatever headers and body. */
async function claim(eventId: string, { token, key, text, headers }: Sent) {
  const response = await fetch(`${laurel.url}/api/event-claims/${eventId}/claim`, {
    method: 'POST',
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(key !== undefined && { 'idempotency-key': key }),
      ...(text !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(text !== undefined && { body: text }),
  });
  const body = (await response.json()) as ClaimBody & {
    code: string;
    errors?: { pointer: string }[];
  };
  return { status: response.status, headers: response.headers, body };
}

type Answer = Awaited<ReturnType<typeof claim>>;
const said = ({ status, body }: Answer) => `${status} ${body.code ?? body.state}`;

const player = async () => (await laurel.signIn()).token;
const WAIT = { prefer: 'wait=20' };

describe('a claim that is accepted', { concurrency: true }, () => {
  it('is answered with 202, its address, and itself as the contract has it', async () => {
    const { eventId } = await event(laurel);
    const { id, token } = await laurel.signIn();
    const { status, headers, body } = await claim(eventId, { token, key: 'mine' });
    assert.equal(status, 202);
    assert.match(headers.get('content-type') ?? '', /^application\/json/);
    assert.equal(headers.get('location'), `/api/event-claims/${body.claimId}`);
    assert.equal(headers.get('idempotency-replayed'), null);
    assert.equal(headers.get('preference-applied'), null);

    assert.match(body.claimId, /^clm_/);
    const { steps, claimId, createdAt, updatedAt, acceptedAt, ...rest } = body;
    assert.deepEqual(rest, {
      eventId,
      userId: id,
      idempotencyKey: 'mine',
      periodKey: 'once',
      state: 'PENDING_VALIDATION',
      reason: null,
      lines: [
        {
          lineId: 'cape',
          kind: 'ITEM',
          name: 'Frost cape',
          quantity: 1,
          state: 'PENDING',
          grantedAt: null,
        },
      ],
      version: 1,
      links: {
        self: `/api/event-claims/${claimId}`,
        stream: `/api/event-claims/${claimId}/stream`,
      },
    });
    const [accepted] = steps;
    const { startedAt, endedAt, ...s0 } = accepted ?? { startedAt: '', endedAt: '' };
    assert.deepEqual(s0, { step: 'S0_ACCEPT', outcome: 'OK', attempts: 1, detail: null });
    for (const time of [createdAt, updatedAt, acceptedAt, startedAt, endedAt]) {
      assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    }

    const read = await laurel.call('GET', headers.get('location') ?? '', { token });
    assert.equal(read.body.claimId, claimId);
  });

  it('and waited for is answered with 200 and its end', async () => {
    const { eventId } = await event(laurel);
    const token = await player();
    const { status, headers, body } = await claim(eventId, { token, key: 'mine', headers: WAIT });
    assert.deepEqual([status, body.state], [200, 'GRANTED']);
    assert.equal(headers.get('preference-applied'), 'wait=20');
    assert.match(body.lines[0]?.grantedAt ?? '', /Z$/);
  });

  it('is waited for half a minute at most, and not at all for nonsense', async () => {
    const { eventId } = await event(laurel);
    const token = await player();
    const asked = async (prefer: string) =>
      (await claim(eventId, { token, key: 'mine', headers: { prefer } })).headers.get(
        'preference-applied',
      );
    assert.equal(await asked('wait=31'), 'wait=30');
    assert.equal(await asked('respond-async, wait=5'), 'wait=5');
    assert.equal(await asked('wait=soon'), null);
    assert.equal(await asked('return=minimal'), null);
  });

  it('is answered as it stands where it does not end in time', async () => {
    const { eventId } = await event(laurel, { fulfillment: { provider: 'game' } });
    laurel.game.rules.add({ do: 'pending', eventId });
    const token = await player();
    const startedMs = performance.now();
    const headers = { prefer: 'wait=1' };
    const { status, body } = await claim(eventId, { token, key: 'mine', headers });
    assert.equal(status, 202);
    assert.ok(!isFinal(body.state), body.state);
    assert.ok(performance.now() - startedMs >= 1_000);
    laurel.game.settle(`${body.claimId}:cape`, 'GRANTED');
  });
});

describe('the key of a claim', { concurrency: true }, () => {
  it('may come as X-Idempotency-Key and in quotes, and is the same key', async () => {
    const { eventId } = await event(laurel);
    const token = await player();
    const first = await claim(eventId, { token, headers: { 'x-idempotency-key': 'a "b"' } });
    const quoted = await claim(eventId, { token, key: String.raw`"a \"b\""` });
    assert.equal(first.body.idempotencyKey, 'a "b"');
    assert.equal(quoted.body.claimId, first.body.claimId);
    assert.equal(quoted.headers.get('idempotency-replayed'), 'true');
  });

  it('is asked for where there is none or an empty one', async () => {
    const { eventId } = await event(laurel);
    const token = await player();
    for (const key of [undefined, '', '""']) {
      assert.equal(said(await claim(eventId, { token, key })), '400 idempotency_key_missing');
    }
  });

  it('is refused with 256 characters, and with others than printable ASCII', async () => {
    const { eventId } = await event(laurel);
    const token = await player();
    for (const key of ['k'.repeat(256), 'ä', 'a\tb']) {
      assert.equal(said(await claim(eventId, { token, key })), '400 idempotency_key_invalid', key);
    }
  });

  for (const key of ['k'.repeat(255), '%'.repeat(255), '../..//?#%00', '{"$gt":""}', '~ !|']) {
    it(`may be ${key.slice(0, 12)}, ${key.length} characters`, async () => {
      const { eventId } = await event(laurel);
      const { id, token } = await laurel.signIn();
      const { body } = await claim(eventId, { token, key, headers: WAIT });
      assert.deepEqual([body.state, body.idempotencyKey], ['GRANTED', key]);
      const run = await workflowOf(laurel, { userId: id, idempotencyKey: key }).describe();
      assert.ok(run.workflowId.length <= 200);
    });
  }
});

describe('what is checked first', { concurrency: true }, () => {
  const WRONG_BODY = '{"unknown":1}';

  it('is who is calling', async () => {
    for (const token of [undefined, 'garbage']) {
      const answer = await claim('unknown', { token, text: WRONG_BODY });
      assert.equal(said(answer), '401 unauthenticated');
    }
  });

  it('then the role: only players claim', async () => {
    for (const role of ['OPERATOR', 'AUDITOR', 'ADMIN', 'GAME_SERVER'] as const) {
      const { token } = await laurel.signIn(role);
      assert.equal(said(await claim('unknown', { token, text: WRONG_BODY })), '403 forbidden');
    }
  });

  it('then the request, before the key is looked up', async () => {
    const { eventId } = await event(laurel);
    const token = await player();
    await claim(eventId, { token, key: 'mine' });
    const wrong = await claim(eventId, { token, key: 'mine', text: WRONG_BODY });
    assert.equal(said(wrong), '400 invalid_request');
    assert.equal(said(await claim('unknown', { token })), '400 idempotency_key_missing');
  });

  it('then the key, before the event is looked up', async () => {
    const { eventId } = await event(laurel);
    const token = await player();
    await claim(eventId, { token, key: 'mine', headers: WAIT });
    assert.equal(
      said(await claim('unknown', { token, key: 'mine' })),
      '422 idempotency_key_reused',
    );

    await laurel.store.events.change(OPERATOR, eventId, { status: 'ENDED' });
    const again = await claim(eventId, { token, key: 'mine' });
    assert.equal(said(again), '200 GRANTED');
    assert.equal(again.headers.get('idempotency-replayed'), 'true');
  });

  it('then whether there is such an event, which a draft is not to players', async () => {
    const token = await player();
    const draft = await laurel.store.events.create(OPERATOR, eventFields(), 'DRAFT');
    for (const eventId of [draft.event.eventId, 'evt_unknown']) {
      assert.equal(said(await claim(eventId, { token, key: 'k' })), '404 not_found');
    }
  });

  it('then whether the player is active', async () => {
    const { eventId } = await event(laurel, { startsAt: new Date('2099-01-01') });
    const { id, token } = await laurel.signIn();
    remembered.set(id, (await laurel.store.users.get(id)) as User);
    await laurel.store.users.model.updateOne({ _id: id }, { status: 'BANNED' });
    assert.equal(said(await claim(eventId, { token, key: 'k' })), '403 user_not_active');
  });

  it('then whether the event is open, before what was claimed and what is left', async () => {
    const startsAt = new Date('2099-01-01');
    const rewards = [{ ...CAPE, stock: 0 }];
    const { eventId } = await event(laurel, { startsAt, rewards });
    const token = await player();
    assert.equal(said(await claim(eventId, { token, key: 'k' })), '409 event_not_open');
  });

  it('then whether it was claimed already, before what is left', async () => {
    const { eventId } = await event(laurel, { rewards: [{ ...CAPE, stock: 1 }] });
    const token = await player();
    await claim(eventId, { token, key: 'first', headers: WAIT });
    assert.equal(said(await claim(eventId, { token, key: 'k' })), '409 already_claimed');
    // The first to find it sold out has a claim that says so.
    assert.equal(said(await claim(eventId, { token: await player(), key: 'k' })), '200 REJECTED');
    assert.equal(said(await claim(eventId, { token: await player(), key: 'k' })), '409 sold_out');
    assert.equal(said(await claim(eventId, { token, key: 'k' })), '409 already_claimed');
  });

  it('and what is refused leaves no claim, no run, and the key unused', async () => {
    const { eventId } = await event(laurel, { startsAt: new Date('2099-01-01') });
    const { id, token } = await laurel.signIn();
    assert.equal((await claim(eventId, { token, key: 'mine' })).status, 409);
    assert.equal(await laurel.store.claims.findByKey(id, 'mine'), null);
    const run = workflowOf(laurel, { userId: id, idempotencyKey: 'mine' });
    await assert.rejects(run.describe(), WorkflowNotFoundError);
    const open = await event(laurel);
    assert.equal(said(await claim(open.eventId, { token, key: 'mine' })), '202 PENDING_VALIDATION');
  });

  it('a player who was banned is not signed in any more', async () => {
    const { eventId } = await event(laurel);
    const { id, token } = await laurel.signIn();
    await leaves(laurel, id);
    assert.equal(said(await claim(eventId, { token, key: 'k' })), '401 unauthenticated');
  });
});

describe('the reward of a claim', { concurrency: true }, () => {
  const choice = { rewards: [CAPE, MOUNT], rewardSelection: 'PLAYER_CHOICE' as const };

  it('is the one the player names, where the player chooses', async () => {
    const { eventId } = await event(laurel, choice);
    const text = '{"rewardId":"mount"}';
    const { body } = await claim(eventId, { token: await player(), key: 'k', text });
    assert.deepEqual(
      body.lines.map((line) => line.lineId),
      ['mount'],
    );
  });

  it('must be named where the player chooses, and must be one of the event’s', async () => {
    const { eventId } = await event(laurel, choice);
    const token = await player();
    for (const text of [undefined, '{}', '{"rewardId":"unknown"}']) {
      const answer = await claim(eventId, { token, key: 'k', text });
      assert.equal(said(answer), '400 invalid_request', text);
      assert.deepEqual(
        answer.body.errors?.map((e) => e.pointer),
        ['/rewardId'],
      );
    }
  });

  it('is every one of them where the event gives all, and must not be named', async () => {
    const { eventId } = await event(laurel, { rewards: [CAPE, MOUNT] });
    const token = await player();
    const named = await claim(eventId, { token, key: 'k', text: '{"rewardId":"cape"}' });
    assert.equal(said(named), '400 invalid_request');
    assert.deepEqual(
      named.body.errors?.map((e) => e.pointer),
      ['/rewardId'],
    );
    const { body } = await claim(eventId, { token, key: 'k' });
    assert.deepEqual(
      body.lines.map((line) => line.lineId),
      ['cape', 'mount'],
    );
  });
});

describe('a claim that makes no sense', { concurrency: true }, () => {
  it('is refused and leaves nothing behind, whatever its body', async () => {
    const { eventId } = await event(laurel);
    const { id, token } = await laurel.signIn();
    const bodies = [
      ...['{', '[]', 'null', '7', '"cape"', '[{"rewardId":"cape"}]', 'undefined', '\u0000'],
      ...['{"unknown":1}', '{"__proto__":{"rewardId":"cape"}}', '{"$where":"1"}'],
      ...['7', 'null', 'true', '[]', '["cape"]', '{}', '{"$gt":""}', '{"$ne":null}', '""'].map(
        (value) => `{"rewardId":${value}}`,
      ),
      `{"rewardId":"${'x'.repeat(65)}"}`,
    ];
    for (const text of bodies) {
      const answer = await claim(eventId, { token, key: 'mine', text });
      assert.equal(said(answer), '400 invalid_request', text);
    }
    const headers = { 'content-type': 'text/plain' };
    const plain = await claim(eventId, { token, key: 'mine', text: '{}', headers });
    assert.equal(said(plain), '415 unsupported_media_type');
    const huge = `{"rewardId":"${'x'.repeat(5_000_000)}"}`;
    const tooLarge = await claim(eventId, { token, key: 'mine', text: huge });
    assert.equal(said(tooLarge), '413 payload_too_large');
    assert.equal(await laurel.store.claims.findByKey(id, 'mine'), null);
  });

  it('may have no body, an empty one and an empty object, with or without a media type', async () => {
    const { eventId } = await event(laurel);
    const token = await player();
    for (const sent of [
      { text: undefined },
      { text: '' },
      { text: '{}' },
      { text: undefined, headers: { 'content-type': 'application/json' } },
      { text: '{}', headers: { 'content-type': 'application/json; charset=utf-8' } },
    ]) {
      const { status } = await claim(eventId, { token, key: 'mine', ...sent });
      assert.ok(status === 202 || status === 200, `${JSON.stringify(sent)}: ${status}`);
    }
  });

  it('is of no event, whatever its ID', async () => {
    const token = await player();
    for (const id of ['%00', '%', '%E0%A4%A', '%2e%2e%2f', '{"$gt":""}', 'x'.repeat(5_000)]) {
      const answer = await claim(id, { token, key: uniqueName('key') });
      assert.equal(said(answer), '404 not_found', id.slice(0, 20));
    }
  });
});
