/** What one provider is like costs the claims of another nothing: slow, late, down, or no answer at all. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, afterEach, before, describe, it } from 'node:test';
import type { ActivityDeps } from '../../activities/deps.ts';
import type { FulfillmentProvider } from '../../domain/claims/fulfillment.ts';
import { type Simulator, startSimulator } from '../../local/simulator/simulator.ts';
import { createPace } from '../../providers/pace.ts';
import type { Claim } from '../../store/claims/claim-record.ts';
import { CAPE, ended, event, recordOf } from '../helpers.ts';
import { type Laurel, startLaurel } from '../laurel.ts';

/** Claims of either provider: more than a worker has slots for workflow tasks. */
const CLAIMS = 30;
/** First tries that may be under way at one provider. */
const MOST_FIRST_TRIES = 8;

let laurel: Laurel;
let other: Simulator;

/** A provider whose answers wait until the test lets them go, and which is never cut short. */
function silent() {
  const granted = new Set<string>();
  let [asked, go] = [0, Promise.withResolvers<void>()];
  const allAsked = Promise.withResolvers<void>();
  const provider: FulfillmentProvider = {
    async grant({ grantId }) {
      assert.ok(!granted.has(grantId), `${grantId} is asked for once`);
      granted.add(grantId);
      asked += 1;
      if (asked === CLAIMS) allAsked.resolve();
      await go.promise;
      return { state: 'GRANTED' };
    },
    async lookup(grantId) {
      return { state: granted.has(grantId) ? 'GRANTED' : 'NEVER_SEEN' };
    },
    async revoke() {
      return { state: 'REVOKED' };
    },
  };
  return { provider, allAsked: allAsked.promise, open: () => go.resolve() };
}
const mute = silent();

before(async () => {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  other = await startSimulator({ secret });
  const pace = createPace();
  const muted = pace.watch('mute', mute.provider);
  laurel = await startLaurel({
    providers: { other: { baseUrl: other.url, secret } },
    // Longer than the first try's two seconds; and a claim is not to be parked while another is made.
    policy: { FULFILLMENT_TIMEOUT_MS: 8_000, FULFILLMENT_MAX_ATTEMPTS: 50 },
    activities: (deps: ActivityDeps) => ({
      ...deps,
      pace: { enter: (name) => (name === 'mute' ? pace.enter(name) : deps.pace.enter(name)) },
      provider: (name) => (name === 'mute' ? muted : deps.provider(name)),
    }),
  });
});
after(async () => {
  mute.open();
  await laurel.stop();
  await other.close();
});
afterEach(() => other.rules.clear());

/** Claims of a new event at that provider, each by another player. */
async function claimsAt(provider: string, count = CLAIMS): Promise<string[]> {
  const rewards = [{ ...CAPE, stock: count }];
  const { eventId } = await event(laurel, { fulfillment: { provider }, rewards });
  const sent = Array.from({ length: count }, async () => {
    const { token } = await laurel.signIn();
    return (await laurel.claim(eventId, token)).body.claimId;
  });
  return await Promise.all(sent);
}

const endsOf = async (claimIds: string[]): Promise<Claim[]> =>
  await Promise.all(claimIds.map((claimId) => ended(laurel, claimId)));

const recordsOf = async (claimIds: string[]): Promise<Claim[]> =>
  await Promise.all(claimIds.map((claimId) => recordOf(laurel, claimId)));

async function assertGranted(claimIds: string[]): Promise<void> {
  for (const { state, _id } of await endsOf(claimIds)) assert.equal(state, 'GRANTED', _id);
}

/** Each of the claims was asked for once, and given once. */
function assertGivenOnce(claimIds: string[]): void {
  for (const claimId of claimIds) {
    const [given, ...more] = other.ledger().filter((g) => g.grantId.startsWith(`${claimId}:`));
    assert.deepEqual([given?.state, given?.applied, more.length], ['GRANTED', 1, 0]);
  }
}

describe('the claims of one provider', () => {
  it('are granted while another gives no answer, of which few tries hold a workflow task', async () => {
    const waiting = await claimsAt('mute');
    await mute.allAsked;
    await assertGranted(await claimsAt('game'));

    const records = await recordsOf(waiting);
    assert.ok(
      records.every(({ open }) => open),
      'none of them has ended',
    );
    const tried = records.filter(({ state }) => state === 'PENDING_VALIDATION');
    assert.ok(tried.length <= MOST_FIRST_TRIES, `${tried.length} first tries under way`);
    assert.ok(tried.length > 0, 'a provider that nothing is known of gets first tries');
    mute.open();
    await assertGranted(waiting);
  });

  it('are granted while another answers after the first try’s two seconds, which also grants', async () => {
    other.rules.add({ do: 'delay', delayMs: 3_000 });
    const late = await claimsAt('other');
    await other.waitFor(({ requests }) => requests().length >= MOST_FIRST_TRIES);
    await assertGranted([...(await claimsAt('game')), ...late]);
    assertGivenOnce(late);
  });

  it('are granted while another is down, and its claims once it is up again', async () => {
    other.rules.add({ do: 'fail', on: ['grant', 'lookup'], retryAfter: '3' });
    const failing = await claimsAt('other');
    await other.waitFor(({ requests }) => {
      const asked = new Set(requests().map(({ grantId }) => grantId));
      return failing.every((claimId) => asked.has(`${claimId}:cape`));
    });
    await assertGranted(await claimsAt('game'));
    other.rules.clear();
    await assertGranted(failing);
    assertGivenOnce(failing);
  });

  it('are granted while another takes a second, which gets no first try once that is known', async () => {
    other.rules.add({ do: 'delay', delayMs: 1_000 });
    // More than a twentieth of the hundred calls that are remembered, whatever came before.
    await assertGranted(await claimsAt('other', MOST_FIRST_TRIES));
    const slow = await claimsAt('other');
    await other.waitFor(({ requests }) => {
      const asked = new Set(requests().map(({ grantId }) => grantId));
      return slow.every((claimId) => asked.has(`${claimId}:cape`));
    });
    for (const { asked, _id } of await recordsOf(slow)) {
      assert.ok(asked, `the record of ${_id} told before it that a provider is asked`);
    }
    await assertGranted([...(await claimsAt('game')), ...slow]);
    assertGivenOnce(slow);
  });
});
