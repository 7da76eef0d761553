import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import type { ClaimBody } from '../../api/claims/claim-body.ts';
import { type Checkpoint, createCheckpoints, heldClaim } from '../checkpoints.ts';
import { answered, claimAtGame } from '../game-claims.ts';
import { ended, event, recordOnce } from '../helpers.ts';
import { type Laurel, startLaurel } from '../laurel.ts';
import { decide, leaves } from '../outcomes.ts';

let laurel: Laurel;
const checkpoints = createCheckpoints();
before(async () => {
  laurel = await startLaurel({ activities: checkpoints.around, firstTries: false });
});
after(async () => {
  checkpoints.openAll();
  await laurel.stop();
});

interface Sent {
  id: number;
  event: string;
  claim: ClaimBody;
}

/** A stream as a client has it open. */
interface Stream {
  status: number;
  type: string | null;
  headers: Headers;
  /** The next event, or null at the stream's end. */
  next(): Promise<Sent | null>;
  /** Every event from here to the end. */
  rest(): Promise<Sent[]>;
  leave(): void;
}

function parse(block: string): Sent {
  const fields = Object.fromEntries(
    block
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  );
  return { id: Number(fields.id), event: fields.event ?? '', claim: JSON.parse(fields.data ?? '') };
}

async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Sent> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const bytes of body) {
    text += decoder.decode(bytes, { stream: true });
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const block = text.slice(0, end);
      text = text.slice(end + 2);
      if (!block.startsWith(':')) yield parse(block);
    }
  }
}

async function open(claimId: string, token: string, lastEventId?: string): Promise<Stream> {
  const leaving = new AbortController();
  const response = await fetch(`${laurel.url}/api/event-claims/${claimId}/stream`, {
    headers: {
      authorization: `Bearer ${token}`,
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
    },
    signal: leaving.signal,
  });
  const events = response.body ? eventsOf(response.body) : (async function* () {})();
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    headers: response.headers,
    next: async () => (await events.next()).value ?? null,
    async rest() {
      const all: Sent[] = [];
      for await (const event of events) all.push(event);
      return all;
    },
    leave: () => leaving.abort(),
  };
}

/** A player's claim, held at the checkpoint. */
async function held(checkpoint: Checkpoint) {
  const { eventId } = await event(laurel);
  return await heldClaim(laurel, checkpoints, eventId, checkpoint);
}

/** A claim that its provider has not decided on yet. */
async function pendingClaim() {
  const claim = await claimAtGame(laurel, [{ do: 'pending' }]);
  await answered(laurel, claim.claimId, 'grant');
  await recordOnce(laurel, claim.claimId, ({ state }) => state === 'FULFILLING');
  return claim;
}

/** A claim that was granted. */
async function grantedClaim() {
  const { eventId } = await event(laurel);
  const { token } = await laurel.signIn();
  const { body } = await laurel.claim(eventId, token, { waitS: 30 });
  return { claimId: body.claimId, token, claim: body };
}

describe('the stream of a claim', { concurrency: true }, () => {
  it('tells the claim at once, then each change, and ends with the final state', async () => {
    const { claimId, token, gate } = await held('read');
    const stream = await open(claimId, token);
    assert.equal(stream.status, 200);
    assert.match(stream.type ?? '', /^text\/event-stream/);
    assert.equal(stream.headers.get('x-accel-buffering'), 'no');
    assert.equal(stream.headers.get('cache-control'), 'no-cache, no-transform');
    const first = await stream.next();
    assert.deepEqual(
      [first?.id, first?.event, first?.claim.state],
      [1, 'claim', 'PENDING_VALIDATION'],
    );

    gate.open();
    const rest = await stream.rest();
    const ids = [first, ...rest].map((sent) => sent?.id ?? 0);
    assert.deepEqual(
      ids,
      [...new Set(ids)].toSorted((a, b) => a - b),
      'the IDs grow',
    );
    const last = rest.at(-1);
    assert.equal(last?.claim.state, 'GRANTED');
    const params = { path: { claimId } };
    const { data } = await laurel.as(token).GET('/api/event-claims/{claimId}', { params });
    assert.deepEqual(last?.claim, data);
    assert.equal(last?.id, data?.version);
  });

  it('tells a claim that is final once, and ends', async () => {
    const { claimId, token, claim } = await grantedClaim();
    const sent = await (await open(claimId, token)).rest();
    assert.deepEqual(
      sent.map((s) => s.claim),
      [claim],
    );
  });

  it('is not cut into chunks for a client of HTTP/1.0, which knows none', async (t) => {
    const { claimId, token, claim } = await grantedClaim();
    const socket = connect(Number(new URL(laurel.url).port), '127.0.0.1');
    t.after(() => socket.destroy());
    const path = `/api/event-claims/${claimId}/stream`;
    socket.write(`GET ${path} HTTP/1.0\r\nAuthorization: Bearer ${token}\r\n\r\n`);
    const [head = '', events = ''] = (await text(socket)).split(/\r\n\r\n(.*)/s);
    assert.ok(!/transfer-encoding|keep-alive/i.test(head), head);
    assert.deepEqual(parse(events.trim()).claim, claim);
  });

  it('tells a claim that is parked, and goes on', async () => {
    const { claimId, token } = await claimAtGame(laurel, [{ do: 'fail', times: 3 }]);
    const stream = await open(claimId, token);
    let sent = await stream.next();
    while (sent && sent.claim.state !== 'NEEDS_ATTENTION') sent = await stream.next();
    assert.equal(sent?.claim.reason, 'FULFILLMENT_UNAVAILABLE');
    await decide(laurel, claimId, 'retry');
    assert.equal((await stream.rest()).at(-1)?.claim.state, 'GRANTED');
  });

  it('tells every one of its readers, its player and staff alike', async () => {
    const { claimId, token, grantId } = await pendingClaim();
    const { token: staff } = await laurel.signIn('OPERATOR');
    const streams = await Promise.all([token, token, staff].map((reader) => open(claimId, reader)));
    for (const stream of streams) assert.equal((await stream.next())?.claim.state, 'FULFILLING');
    laurel.game.settle(grantId, 'GRANTED');
    for (const stream of streams) {
      assert.equal((await stream.rest()).at(-1)?.claim.state, 'GRANTED');
    }
  });

  it('does not mind a reader who leaves', async () => {
    const { claimId, token, gate } = await held('read');
    const [leaver, stayer] = [await open(claimId, token), await open(claimId, token)];
    await Promise.all([leaver.next(), stayer.next()]);
    leaver.leave();
    gate.open();
    assert.equal((await stayer.rest()).at(-1)?.claim.state, 'GRANTED');
  });
});

describe('a stream that is taken up again', { concurrency: true }, () => {
  it('goes on after the event that came last', async () => {
    const { claimId, token, grantId } = await pendingClaim();
    const first = await (await open(claimId, token)).next();
    const again = await open(claimId, token, String(first?.id));
    laurel.game.settle(grantId, 'GRANTED');
    const next = await again.next();
    assert.ok(next && first && next.id > first.id);
  });

  it('tells what was missed', async () => {
    const { claimId, token, claim } = await grantedClaim();
    for (const lastEventId of ['0', '1', String(claim.version - 1)]) {
      const sent = await (await open(claimId, token, lastEventId)).rest();
      assert.deepEqual(
        sent.map((s) => s.id),
        [claim.version],
        lastEventId,
      );
    }
  });

  it('is told with 204 not to come back once all was sent', async () => {
    const { claimId, token, claim } = await grantedClaim();
    for (const lastEventId of [claim.version, claim.version + 1, 1e9]) {
      const stream = await open(claimId, token, String(lastEventId));
      assert.equal(stream.status, 204);
      assert.deepEqual(await stream.rest(), []);
    }
  });

  it('starts anew where its last event makes no sense', async () => {
    const { claimId, token, claim } = await grantedClaim();
    for (const lastEventId of ['x', '-1', 'NaN', '0x99', '1e9', '+99', '99.0', '{"$gt":""}', '']) {
      const sent = await (await open(claimId, token, lastEventId)).rest();
      assert.deepEqual(
        sent.map((s) => s.id),
        [claim.version],
        lastEventId,
      );
    }
  });
});

describe('a stream whose reader may no longer read', { concurrency: true }, () => {
  it('ends with nothing more told, where its player is banned', async () => {
    const { claimId, token, id, gate } = await held('read');
    const stream = await open(claimId, token);
    assert.equal((await stream.next())?.id, 1);
    await leaves(laurel, id);
    gate.open();
    assert.deepEqual(await stream.rest(), []);
    assert.equal((await ended(laurel, claimId)).reason, 'USER_NOT_ACTIVE');
  });

  it('ends with nothing more told, where an auditor is one no longer', async () => {
    const { claimId, gate } = await held('read');
    const auditor = await laurel.signIn('AUDITOR');
    const { token: admin } = await laurel.signIn('ADMIN');
    const stream = await open(claimId, auditor.token);
    assert.equal((await stream.next())?.id, 1);
    const params = { path: { userId: auditor.id } };
    await laurel.as(admin).PATCH('/api/users/{userId}', { params, body: { role: 'PLAYER' } });
    gate.open();
    assert.deepEqual(await stream.rest(), []);
  });

  it('is not opened to another player, nor without a token', async () => {
    const { claimId } = await grantedClaim();
    const { token } = await laurel.signIn();
    assert.equal((await open(claimId, token)).status, 404);
    assert.equal((await open(claimId, 'garbage')).status, 401);
  });
});
