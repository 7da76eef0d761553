/** Carries operations out on the real product, and returns how they were answered. */
import type { components } from '../../client/index.ts';
import { until } from '../../test/helpers.ts';
import { uniqueName } from '../../test/servers.ts';
import { type Cast, describeAnswer, rewardBody, signIn } from './cast.ts';
import { faultOf, isStubborn, STUBBORN } from './game-faults.ts';
import type { Operation } from './operations.ts';
import { claimName, named } from './world.ts';

/** Most time for a bulk action, which pauses for a second after each batch. */
const BULK_PATIENCE_MS = 60_000;

type Of<D extends Operation['do']> = Extract<Operation, { do: D }>;

type Patch = components['schemas']['EventPatch'];

const VERBS = { RETRY: 'retry', ABORT: 'abort' } as const;

/** Carries the operations out at once, and resolves with their answers in order. */
export async function act(cast: Cast, operations: readonly Operation[]): Promise<string[]> {
  const answers = await Promise.all(operations.map((operation) => carryOut(cast, operation)));
  const changed = new Set(operations.flatMap((o) => (o.do === 'set status' ? [o.player] : [])));
  await Promise.all([...changed].map((name) => signIn(cast.system, named(cast.players, name))));
  return answers;
}

async function carryOut(cast: Cast, operation: Operation): Promise<string> {
  switch (operation.do) {
    case 'claim':
      return await claim(cast, operation);
    case 'set status':
      return await setStatus(cast, operation);
    case 'set stock':
      return await change(cast, operation.event, { rewards: restocked(cast, operation) });
    case 'set claims per period':
      return await change(cast, operation.event, { claimsPerPeriod: operation.claimsPerPeriod });
    case 'move event':
      return await change(cast, operation.event, { status: operation.to });
    case 'delete event':
      return await remove(cast, operation.event);
    case 'decide':
      return await decide(cast, operation);
    case 'decide on all':
      return await decideOnAll(cast, operation);
    case 'settle':
      settle(cast, operation);
      return '';
    case 'restart workers':
      // The caller did it before the step, as it affects every sequence.
      return '';
  }
}

async function claim(cast: Cast, operation: Of<'claim'>): Promise<string> {
  const { player, key, event, choice } = operation;
  planFault(cast, operation);
  const { token } = named(cast.players, player);
  const answer = await cast.system.laurel.claim(named(cast.eventIds, event), token, {
    key,
    ...(choice !== null && { rewardId: choice }),
  });
  const isReplayed = answer.headers.get('idempotency-replayed') === 'true';
  return isReplayed
    ? `${answer.status} replayed`
    : describeAnswer({ response: answer, error: answer.body });
}

/** Also for a claim without a fault: it removes the rules of an earlier claim that was refused. */
function planFault(cast: Cast, { player, key, event, choice, fault }: Of<'claim'>): void {
  const claimId = named(cast.claimIds, claimName(player, key));
  const { rewards } = named(cast.events, event);
  const wanted = rewards.filter(({ rewardId }) => choice === null || choice === rewardId);
  for (const [index, { rewardId }] of wanted.entries()) {
    const grantId = `${claimId}:${rewardId}`;
    const met = index === 0 ? faultOf(fault).rules : [];
    const rules = isStubborn(fault, index) ? [...met, STUBBORN] : met;
    cast.system.plan(
      grantId,
      rules.map((rule) => ({ ...rule, grantId })),
    );
  }
}

async function setStatus(cast: Cast, { player, status }: Of<'set status'>): Promise<string> {
  const { laurel, admin } = cast.system;
  const params = { path: { userId: named(cast.players, player).userId } };
  return describeAnswer(
    await laurel.as(admin).PATCH('/api/users/{userId}', { params, body: { status } }),
  );
}

/** The rewards of a change. A reward without a stock in it keeps its stock. */
function restocked({ events }: Cast, { event, rewardId, stock }: Of<'set stock'>) {
  return named(events, event).rewards.map((reward) =>
    rewardBody(reward, reward.rewardId === rewardId ? stock : undefined),
  );
}

async function change({ system, eventIds }: Cast, event: string, body: Patch): Promise<string> {
  const params = { path: { eventId: named(eventIds, event) } };
  const operator = system.laurel.as(system.operator);
  return describeAnswer(await operator.PATCH('/api/events/{eventId}', { params, body }));
}

async function remove({ system, eventIds }: Cast, event: string): Promise<string> {
  const params = { path: { eventId: named(eventIds, event) } };
  const operator = system.laurel.as(system.operator);
  return describeAnswer(await operator.DELETE('/api/events/{eventId}', { params }));
}

async function decide(cast: Cast, { claim: name, action }: Of<'decide'>): Promise<string> {
  const { laurel, admin } = cast.system;
  const call = {
    params: { path: { claimId: named(cast.claimIds, name) } },
    body: { note: 'a model' },
  };
  const verb = VERBS[action];
  return describeAnswer(await laurel.as(admin).POST(`/api/event-claims/{claimId}/${verb}`, call));
}

/** Resolves once the bulk action is done. */
async function decideOnAll(cast: Cast, { event, action }: Of<'decide on all'>): Promise<string> {
  const { laurel, admin } = cast.system;
  const api = laurel.as(admin);
  const asked = await api.POST(`/api/event-claims/${VERBS[action]}`, {
    params: { header: { 'Idempotency-Key': uniqueName('bulk') } },
    body: { eventId: named(cast.eventIds, event) },
  });
  if (!asked.data || !('operationId' in asked.data)) return describeAnswer(asked);
  const params = { path: asked.data };
  const done = await until(
    async () => {
      const { data } = await api.GET('/api/operations/{operationId}', { params });
      return data?.state === 'DONE' && data;
    },
    `the end of ${asked.data.operationId}`,
    BULK_PATIENCE_MS,
  );
  return `202, then ${done.done} of ${done.total} done`;
}

function settle({ system, claimIds, events }: Cast, { claim: name, outcome }: Of<'settle'>): void {
  const rewardIds = Object.values(events).flatMap((event) => event.rewards.map((r) => r.rewardId));
  for (const rewardId of new Set(rewardIds)) {
    system.laurel.game.settle(`${named(claimIds, name)}:${rewardId}`, outcome);
  }
}
