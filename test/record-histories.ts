/**
 * Keeps what a release must leave behind: `node test/record-histories.ts`, then `biome check --write
 * test/fixtures`. It writes the folder of the version in `package.json`; those of earlier releases
 * stay until none of their runs is left anywhere: `docs/deploying-workflow-code.md`.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import type { ActivityDeps } from '../activities/deps.ts';
import type { RuleInput } from '../local/simulator/simulator-rules.ts';
import { claimIdOf } from '../store/claims/claim-record.ts';
import { buildBundle } from '../worker/bundle.ts';
import { RECONCILE_WORKFLOW, UPKEEP_QUEUE } from '../workflows/contract.ts';
import { ended, event, gameEvent, parked, recordOf, workflowOf } from './helpers.ts';
import { createInterposer } from './interpose.ts';
import { type Laurel, startLaurel } from './laurel.ts';
import { decide } from './outcomes.ts';
import { keepBundle, keepHistory } from './releases.ts';
import { uniqueName } from './servers.ts';

const interposer = createInterposer();
/** Whether the game gets a first try of the claims that are made now. */
let isTried = true;
const tried = (deps: ActivityDeps): ActivityDeps => ({
  ...deps,
  pace: { enter: () => (isTried ? () => {} : null) },
});
const laurel: Laurel = await startLaurel({
  activities: (deps) => interposer.around(tried(deps)),
  policy: { FULFILLMENT_TIMEOUT_MS: 300 },
});

type Event = Awaited<ReturnType<typeof event>>;

/** A claim of the event by a new player; `prepare` is done before it is made. */
async function claimOf(of: Event, prepare: (claimId: string) => unknown = () => {}) {
  const { id, token } = await laurel.signIn();
  const key = uniqueName('key');
  const claimId = claimIdOf(id, key);
  await prepare(claimId);
  await laurel.claim(of.eventId, token, { key });
  return claimId;
}

async function claimAtGame(...rules: RuleInput[]): Promise<string> {
  const of = await gameEvent(laurel);
  laurel.game.rules.add(rules.map((rule) => ({ ...rule, eventId: of.eventId })));
  return await claimOf(of);
}

const asked = (claimId: string, verb: string) =>
  laurel.game.waitFor((game) =>
    game.requests().some((r) => r.verb === verb && r.grantId?.startsWith(claimId)),
  );

/** The claim's player is banned, and the claim told. */
async function leave(claimId: string): Promise<void> {
  const claim = await recordOf(laurel, claimId);
  await laurel.store.users.model.updateOne({ _id: claim.userId }, { status: 'BANNED' });
  await laurel.runs.wake(claim, 'userLeft');
}

const OLD_ENOUGH = { metric: 'account.ageDays', atLeast: 0 };
/** Such a claim's units are held by its run. */
const HELD_BY_RUN = { condition: OLD_ENOUGH };

const AWAY: RuleInput = { do: 'fail', on: ['grant', 'lookup'], times: 3 };
/** The game gives it, and says so to nobody until the claim is parked. */
const GRANTED_AND_AWAY: RuleInput[] = [
  { do: 'dropAfterGrant' },
  { do: 'fail', on: ['lookup'], times: 2 },
];

/** What is told of each claim, and how it ends. */
const STORIES: { name: string; end: string; play: () => Promise<string> }[] = [
  {
    name: 'granted-by-mailbox',
    end: 'GRANTED',
    play: async () => await claimOf(await event(laurel)),
  },
  { name: 'granted-by-game', end: 'GRANTED', play: () => claimAtGame() },
  {
    name: 'granted-by-game-at-the-second-try',
    end: 'GRANTED',
    play: () => claimAtGame({ do: 'dropAfterGrant', times: 1 }),
  },
  {
    name: 'granted-by-game-step-by-step',
    end: 'GRANTED',
    play() {
      isTried = false;
      return claimAtGame();
    },
  },
  {
    name: 'sold-out',
    end: 'REJECTED / SOLD_OUT',
    async play() {
      const of = await event(laurel, HELD_BY_RUN);
      const { eventId } = of;
      const sellOut = { available: 0, granted: 10 };
      return await claimOf(of, (claimId) =>
        interposer.next('stock.reserve', claimId, async (proceed) => {
          await laurel.store.stock.model.updateOne({ eventId }, sellOut);
          return await proceed();
        }),
      );
    },
  },
  {
    name: 'refused-and-undone',
    end: 'FAILED / FULFILLMENT_REFUSED',
    play: () => claimAtGame({ do: 'refuse' }),
  },
  {
    name: 'parked-retried-and-granted',
    end: 'GRANTED',
    async play() {
      const claimId = await claimAtGame(AWAY);
      await parked(laurel, claimId);
      await decide(laurel, claimId, 'retry');
      return claimId;
    },
  },
  {
    name: 'parked-and-aborted',
    end: 'FAILED / ABORTED_BY_ADMIN',
    async play() {
      const claimId = await claimAtGame(AWAY);
      await parked(laurel, claimId);
      await decide(laurel, claimId, 'abort');
      return claimId;
    },
  },
  {
    name: 'not-to-be-revoked-and-given-up',
    end: 'FAILED / COMPENSATION_FAILED',
    async play() {
      const claimId = await claimAtGame(...GRANTED_AND_AWAY, { do: 'refuseRevoke' });
      await parked(laurel, claimId);
      await decide(laurel, claimId, 'abort');
      await parked(laurel, claimId, 2);
      await decide(laurel, claimId, 'abort');
      return claimId;
    },
  },
  {
    name: 'pending-and-called-back',
    end: 'GRANTED',
    async play() {
      const claimId = await claimAtGame({ do: 'pending' });
      await asked(claimId, 'lookup');
      laurel.game.settle(`${claimId}:cape`, 'GRANTED');
      return claimId;
    },
  },
  {
    name: 'condition-met',
    end: 'GRANTED',
    play: async () => await claimOf(await event(laurel, HELD_BY_RUN)),
  },
  {
    name: 'condition-not-met',
    end: 'REJECTED / CONDITION_NOT_MET',
    play: async () => await claimOf(await event(laurel, { condition: { not: OLD_ENOUGH } })),
  },
  {
    name: 'condition-asked-parked-and-retried',
    end: 'GRANTED',
    async play() {
      const condition = { not: { metric: 'cheating', atLeast: 1, source: 'game' } };
      laurel.game.rules.add({ do: 'fail', on: ['metrics'], times: 3 });
      const claimId = await claimOf(await event(laurel, { condition }));
      await parked(laurel, claimId);
      await decide(laurel, claimId, 'retry');
      return claimId;
    },
  },
  {
    name: 'condition-asked-and-banned',
    end: 'FAILED / USER_NOT_ACTIVE',
    async play() {
      const condition = { metric: 'power', atLeast: 1, source: 'game' };
      const { length } = laurel.game.requests();
      laurel.game.rules.add({ do: 'fail', on: ['metrics'] });
      const claimId = await claimOf(await event(laurel, { condition }));
      await laurel.game.waitFor((game) => game.requests().length > length);
      await leave(claimId);
      return claimId;
    },
  },
  {
    name: 'cancelled',
    end: 'FAILED / ABORTED_BY_ADMIN',
    async play() {
      const claimId = await claimAtGame({ do: 'fail' });
      await asked(claimId, 'grant');
      await workflowOf(laurel, await recordOf(laurel, claimId)).cancel();
      return claimId;
    },
  },
  {
    name: 'banned-while-tried',
    end: 'FAILED / USER_NOT_ACTIVE',
    async play() {
      const claimId = await claimAtGame({ do: 'fail' });
      await asked(claimId, 'grant');
      await leave(claimId);
      return claimId;
    },
  },
];

const manifest = path.resolve(import.meta.dirname, '..', 'package.json');
const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
keepBundle(version, await buildBundle());
async function keep(name: string, run: WorkflowHandle): Promise<void> {
  await run.result().catch(() => {});
  const history = await run.fetchHistory();
  keepHistory(version, name, history);
  console.log(`${name}: ${history.events?.length} events`);
}

for (const { name, end, play } of STORIES) {
  const claimId = await play();
  const { state, reason } = await ended(laurel, claimId);
  assert.equal(reason === null ? state : `${state} / ${reason}`, end, name);
  await keep(name, workflowOf(laurel, await recordOf(laurel, claimId)));
}

await parked(laurel, await claimAtGame(AWAY));
const adminApi = laurel.as((await laurel.signIn('ADMIN')).token);
const bulk = await adminApi.POST('/api/event-claims/retry', {
  params: { header: { 'Idempotency-Key': uniqueName('key') } },
  body: { all: true },
});
assert.ok(bulk.data && 'operationId' in bulk.data);
const { operationId } = bulk.data;
await keep('bulk', laurel.client.workflow.getHandle(`operation/${operationId}`));

const pass = { workflowId: uniqueName('reconcile'), taskQueue: UPKEEP_QUEUE, args: [] };
await keep('reconcile', await laurel.client.workflow.start(RECONCILE_WORKFLOW, pass));
await laurel.stop();
