/** Requests to every route of the API, one for each kind of query that it makes. */
import { randomUUID } from 'node:crypto';
import { encodeCursor } from '../../api/http/paging.ts';
import { grantIdOf } from '../../domain/claims/claim.ts';
import { DAY_MS } from '../../domain/conditions/player-event.ts';
import { sign } from '../../providers/webhook-signature.ts';
import type { Claim } from '../../store/claims/claim-record.ts';
import type { StoredEvent } from '../../store/events/events.ts';
import { LOOKED_AT, named } from '../../store/mongodb/bounded-find.ts';
import { type Ask, type Call, LIMIT } from './growth-ask.ts';
import { callAuth, callExternalIds, callServiceAccounts } from './growth-identity.ts';
import {
  endedAtOf,
  PILE_MS,
  playerOf,
  positionOf,
  registeredAtOf,
  userIdOf,
} from './growth-records.ts';
import type { World } from './growth-world.ts';
import type { Player } from './players.ts';

/** Sends every request. @throws Error if an answer is not as expected */
export async function callEveryRoute(world: World, call: Call): Promise<void> {
  await callAuth(call);
  await callUsers(world, call);
  await callExternalIds(world, call);
  await callServiceAccounts(world, call);
  await callEvents(world, call);
  await callClaims(world, call);
  await callLists(world, call);
  await callOperations(world, call);
  await callAround(world, call);
  await callGameServers(world, call);
}

const key = () => ({ 'idempotency-key': randomUUID() });

async function callUsers(world: World, call: Call): Promise<void> {
  const { admin: by, pile, claims } = world;
  const middle = Math.floor(playerOf(claims) / 2);
  const id = userIdOf(middle);
  const deep = cursor({ at: registeredAtOf(pile, middle), id });
  const filters = ['', `username=${id}`, 'role=PLAYER', 'role=ADMIN', 'status=BANNED'];
  const list = (query: string) => call('GET /api/users', [], `${query}&${LIMIT}`, { by });
  for (const filter of filters) await list(`?${filter}`);
  for (const filter of ['', 'role=PLAYER', 'status=BANNED']) await list(`?${filter}&${deep}`);
  const bounded = [
    '?role=PLAYER&status=WITHDRAWN',
    '?query=u&role=AUDITOR',
    '?role=PLAYER&status=ACTIVE',
  ];
  for (const query of bounded) {
    await call('GET /api/users', [], `${query}&${LIMIT}`, { by, lookedAt: LOOKED_AT });
  }
  for (const query of [`?query=${id}`, '?query=u']) await list(query);
  await call('GET /api/users/{userId}', [id], '', { by });
  await call('GET /api/users/{userId}/progress', [id], `?${LIMIT}`, { by });
  const change = (userId: string, body: object) =>
    call('PATCH /api/users/{userId}', [userId], '', { by, body });
  await call('GET /api/users/{userId}/export', [id], '', { by });
  await call('POST /api/users/{userId}/erasure', [userIdOf(middle + 2)], '', { by });
  await change(userIdOf(middle + 1), { status: 'SUSPENDED' });
  await change(userIdOf(middle + 1), { status: 'ACTIVE' });
  await change(world.parked[0]?.userId ?? '', { status: 'BANNED' });
  await change(world.otherAdmin.userId, { role: 'AUDITOR' });
}

async function callEvents(world: World, call: Call): Promise<void> {
  const { admin: by, player, pile, conditional } = world;
  const [first] = pile.events as [StoredEvent];
  const route = 'GET /api/events';
  for (const query of ['', '?status=ACTIVE']) {
    await call(route, [], query, { by });
    await call(route, [], query, { by: player });
  }
  await call(route, [], '?status=ENDED', { by });
  await call(route, [], `?${cursor({ at: first.createdAt, id: first.eventId })}`, { by });
  await call(`${route}/{eventId}`, [first.eventId], '', { by: player });
  await call(`${route}/{eventId}/stats`, [first.eventId], '', { by });
  await call(`${route}/{eventId}/eligibility`, [conditional.eventId], '', { by: player });
  await call(`${route}/{eventId}/eligibility`, [first.eventId], '', { by: player });
  await changeEvents(world, call);
}

async function changeEvents({ admin: by, pile, conditional }: World, call: Call): Promise<void> {
  const [, second] = pile.events as [StoredEvent, StoredEvent];
  const draft = {
    title: 'A draft',
    startsAt: '2020-01-01T00:00:00Z',
    endsAt: '2100-01-01T00:00:00Z',
    condition: conditional.condition,
    rewards: [{ rewardId: 'cape', kind: 'ITEM', name: 'Cape', quantity: 1, stock: 500 }],
  };
  const headers = key();
  const create = () => call('POST /api/events', [], '', { by, body: draft, headers });
  const { eventId } = (await create()).body;
  await create();
  const change = (id: unknown, body: object) =>
    call('PATCH /api/events/{eventId}', [String(id)], '', { by, body });
  const [{ stock, buckets: _, ...reward }] = second.rewards as [StoredEvent['rewards'][0]];
  await change(eventId, { rewards: [{ ...draft.rewards[0], stock: 600 }] });
  await change(second.eventId, { rewards: [{ ...reward, stock: (stock ?? 0) + 1_000 }] });
  await call('GET /api/events/{eventId}/versions', [second.eventId], '', { by });
  const restock = { by, body: { add: 100 }, headers: key() };
  const restocked = [second.eventId, reward.rewardId];
  await call('POST /api/events/{eventId}/rewards/{rewardId}/stock', restocked, '', restock);
  const { startsAt, endsAt } = draft;
  const clone = { by, body: { startsAt, endsAt }, headers: key() };
  await call('POST /api/events/{eventId}/clone', [String(eventId)], '', clone);
  await call('DELETE /api/events/{eventId}', [String(eventId)], '', { by });
}

async function callClaims(world: World, call: Call): Promise<void> {
  const { admin, newcomers, player, pile, conditional, soldOut } = world;
  const [first, second] = newcomers as [Player, Player];
  const [{ eventId }] = pile.events as [StoredEvent];
  const claim = (id: string, by: Player, ask: Ask = {}) =>
    call('POST /api/event-claims/{eventId}/claim', [id], '', { by, headers: key(), ...ask });
  const headers = key();
  const { claimId } = (await claim(eventId, first, { headers })).body;
  await claim(eventId, first, { headers });
  await claim(eventId, player, { status: 409 });
  await claim(conditional.eventId, second);
  // The first is recorded and rejected. The second is refused from the cache or by the store.
  await claim(soldOut.eventId, first);
  await claim(soldOut.eventId, second, { status: 409 });
  const read = (id: string, by: Player, ask: Ask = {}) =>
    call('GET /api/event-claims/{claimId}', [id], '', { by, ...ask });
  const earlier = positionOf(pile, playerOf(world.claims) * 5).id;
  await read(String(claimId), first);
  await read(earlier, admin, { headers: { prefer: 'wait=1' } });
  await read('clm_none', first, { status: 404 });
  await call('GET /api/event-claims/{claimId}/stream', [earlier], '', { by: admin });
}

/** Lists from their beginning and from deep inside, as staff and as a player. */
async function callLists(world: World, call: Call): Promise<void> {
  const { admin, player, pile, claims } = world;
  const middle = Math.floor(claims / 2);
  const at = positionOf(pile, middle);
  const [, { eventId }] = pile.events as [StoredEvent, StoredEvent];
  const { userId } = player;
  const from = at.at.toISOString();
  const range = `from=${from}&to=${new Date(at.at.getTime() + DAY_MS).toISOString()}`;
  const filters = [
    ...['', `eventId=${eventId}`, 'state=GRANTED', 'state=FAILED', `userId=${userId}`],
    ...[`eventId=${eventId}&state=GRANTED`, `eventId=${eventId}&state=FAILED`],
    ...[`eventId=${eventId}&state=COMPENSATING`, `userId=${userId}&state=FAILED`],
    `userId=${userId}&eventId=${eventId}`,
    ...['reason=FULFILLMENT_REFUSED', 'reason=SOLD_OUT', 'idempotencyKey=none'],
    `userId=${userId}&idempotencyKey=none`,
  ];
  const list = (query: string, by: Player) =>
    call('GET /api/event-claims', [], `?${query}&${LIMIT}`, { by });
  for (const filter of filters) {
    await list(filter, admin);
    await list(`${filter}&${cursor(at)}`, admin);
    await list(`${filter}&${range}`, admin);
  }
  for (const filter of ['', 'state=GRANTED', `eventId=${eventId}`]) await list(filter, player);
  const bounded = [
    'provider=none',
    'rewardId=none',
    'periodKey=none',
    'state=GRANTED&provider=none',
  ];
  for (const filter of [...bounded, `eventId=${eventId}&rewardId=none`]) {
    const asked = `?${filter}&${LIMIT}`;
    await call('GET /api/event-claims', [], asked, { by: admin, lookedAt: LOOKED_AT });
  }
  await callSummaries(world, call, { eventId, range });
  await callGrants(world, call, { eventId, from });
}

/** Claims counted by state and by other fields. */
async function callSummaries(
  { admin }: World,
  call: Call,
  { eventId, range }: { eventId: string; range: string },
): Promise<void> {
  const summary = (query: string, lookedAt?: number) =>
    call('GET /api/event-claims/summary', [], `?${query}`, { by: admin, ...named({ lookedAt }) });
  await summary('state=NEEDS_ATTENTION&by=reason,eventId,provider');
  // The first request without a filter sums up claims that nothing has summed up before.
  await summary('', Number.POSITIVE_INFINITY);
  await summary(`eventId=${eventId}&state=COMPENSATING`);
  for (const query of ['', 'state=GRANTED', 'by=state,eventId', `eventId=${eventId}&by=eventId`]) {
    await summary(query);
  }
  // A summary over a range reads every claim that fits, and is limited by time only.
  await summary(`by=state,reason&${range}`, Number.POSITIVE_INFINITY);
}

/** Grants from their beginning and from deep inside. */
async function callGrants(
  { admin, player, pile, claims }: World,
  call: Call,
  { eventId, from }: { eventId: string; from: string },
): Promise<void> {
  const { userId } = player;
  const middle = Math.floor(claims / 2);
  const { id } = positionOf(pile, middle);
  const after = { after: { at: endedAtOf(pile, middle), id }, shown: 0 };
  const grants = (query: string, by: Player) =>
    call('GET /api/grants', [], `?${query}&${LIMIT}`, { by });
  for (const query of ['', `userId=${userId}`]) {
    await grants(query, admin);
    await grants(`${query}&${cursor(after)}`, admin);
  }
  await grants(`eventId=${eventId}`, admin);
  await grants(`eventId=${eventId}&${cursor(after)}`, admin);
  for (const range of [
    `from=${from}`,
    'to=1970-01-01T00:00:00Z',
    `userId=${userId}&from=${from}`,
  ]) {
    const asked = `?${range}&${LIMIT}`;
    await call('GET /api/grants', [], asked, { by: admin, lookedAt: LOOKED_AT });
  }
  await grants('', player);
}

async function callOperations(world: World, call: Call): Promise<void> {
  const { admin: by, parked } = world;
  const [, first, second, third] = parked as [Claim, Claim, Claim, Claim];
  await call('POST /api/event-claims/{claimId}/retry', [first._id], '', { by });
  await call('POST /api/event-claims/{claimId}/abort', [second._id], '', { by });
  const { eventId, reason } = third;
  const bulk = async (verb: string, body: object) => {
    const route = `POST /api/event-claims/${verb}`;
    return (await call(route, [], '', { by, body, headers: key() })).body.operationId;
  };
  const operationId = await bulk('retry', { eventId, reason });
  const abortId = await bulk('abort', { reason, provider: third.snapshot.provider });
  await bulk('abort', { parkedBefore: new Date().toISOString() });
  await bulk('abort', { all: true });
  await bulk('abort', { all: true, dryRun: true });
  await call('GET /api/operations/{operationId}', [String(operationId)], '', { by });
  for (const query of ['', '?state=RUNNING']) await call('GET /api/operations', [], query, { by });
  await call('POST /api/operations/{operationId}/stop', [String(abortId)], '', { by });
}

async function callAround(world: World, call: Call): Promise<void> {
  const { admin: by, pile } = world;
  await call('GET /api/reconciliation', [], '', { by });
  await call('GET /api/audit-log/verification', [], '', { by });
  for (const query of ['', '?userId=usr_a', '?actorId=usr_b', '?userId=usr_a&actorId=usr_b']) {
    await call('GET /api/read-log', [], query, { by });
  }
  await call('GET /api/overview', [], '', { by });
  const actorId = 'actorId=usr_bench';
  const action = 'action=user.update';
  const at = (share: number) => new Date(pile.sinceMs + share * PILE_MS).toISOString();
  const ranges = [`from=${at(0.3)}`, `to=${at(0.6)}`, `from=${at(0.3)}&to=${at(0.6)}`];
  const filters = ['', actorId, action, `${actorId}&${action}`, 'targetId=usr_none'];
  const list = (query: string) => call('GET /api/audit-log', [], `?${query}&${LIMIT}`, { by });
  for (const filter of filters) {
    const { nextCursor } = (await list(filter)).body;
    if (nextCursor !== null) await list(`${filter}&cursor=${nextCursor}`);
    for (const range of ranges) await list(`${filter}&${range}`);
  }
  const plain = ['/healthz', '/readyz', '/metrics', '/openapi.json', '/docs'];
  for (const path of [...plain, '/.well-known/jwks.json']) await call(`GET ${path}`, [], '', {});
}

async function callGameServers(world: World, call: Call): Promise<void> {
  const { gameServer: by, player, parked, providerSecret } = world;
  const of = (at: number) => ({
    id: randomUUID(),
    userId: player.userId,
    metric: 'quest.completed',
    key: 'snow-1',
    at: new Date(at).toISOString(),
  });
  const fresh = of(Date.now());
  // One event comes twice. The last two come after their day was folded.
  const events = [fresh, fresh, of(Date.now() - 3 * DAY_MS), of(Date.now() - 4 * DAY_MS)];
  await call('POST /api/activity-events', [], '', { by, body: { events } });
  const body = { grantId: grantIdOf(parked[3]?._id ?? '', 'cape'), state: 'GRANTED' };
  const signed = sign({
    secret: providerSecret,
    id: randomUUID(),
    timestampS: Math.floor(Date.now() / 1_000),
    body: JSON.stringify(body),
  });
  const headers = { ...signed };
  await call('POST /api/provider-callbacks/{provider}', ['game'], '', { body, headers });
}

function cursor(position: object): string {
  return `cursor=${encodeCursor(position)}`;
}
