/**
 * Every call of a claim's way goes to one shard alone: on `claims` it names the player, on
 * `stock_buckets` the event. The workers have a connection of their own, which is watched all the
 * time. The API's is watched while players ask for something. It is not while staff do, who look for
 * claims by their IDs or over all players, nor while this test itself reads or changes a record. The
 * change stream, which is of all claims, was opened before. Nobody reconciles here, and the game calls
 * nobody back: both go by a claim's ID as well.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Connection, mongo } from 'mongoose';
import type { ClaimBody } from '../../api/claims/claim-body.ts';
import { dataOf } from '../../client/index.ts';
import type { Condition } from '../../domain/conditions/condition.ts';
import type { EventFields } from '../../domain/events/event.ts';
import { openStore } from '../../store/index.ts';
import { connect } from '../../store/mongodb/connection.ts';
import { eligibility } from '../condition-claims.ts';
import { MOUNT, type Rule } from '../game-claims.ts';
import { CAPE, event, gameEvent, leaveAlone, MESOS, until, workflowOf } from '../helpers.ts';
import { codeOf, type Laurel, startLaurel } from '../laurel.ts';
import { decide, leaves } from '../outcomes.ts';
import { testServers, uniqueName } from '../servers.ts';

/** What a call must name on each collection. */
const SHARD_KEYS: Record<string, string> = { claims: 'userId', stock_buckets: 'eventId' };

/** One statement on one of them, with the filter that the server finds its shard by. */
interface Statement {
  verb: string;
  collection: string;
  filter: Record<string, unknown>;
}

type Command = Record<string, unknown>;
const all = (list: unknown, of: string) =>
  (list as Command[]).map((one) => one[of] as Statement['filter']);

/** The filters of a command, each of which must name the key; a document that is inserted is one. */
function filtersOf(verb: string, command: Command): Statement['filter'][] {
  switch (verb) {
    case 'find':
      return [command.filter as Statement['filter']];
    case 'findAndModify':
    case 'count':
    case 'distinct':
      return [(command.query ?? {}) as Statement['filter']];
    case 'update':
      return all(command.updates, 'q');
    case 'delete':
      return all(command.deletes, 'q');
    case 'insert':
      return command.documents as Statement['filter'][];
    case 'aggregate':
      return [((command.pipeline as Command[])[0]?.$match ?? {}) as Statement['filter']];
    case 'getMore':
    case 'killCursors':
      // Of a query that was looked at when it began.
      return [];
    default:
      // Such as the driver's `bulkWrite` over many collections, which nothing of ours uses.
      throw new Error(`${verb} is a command that this test does not know`);
  }
}

/** The statement of each lookup from one of the collections: it finds its shard by what it joins on. */
function lookupsIn({ pipeline }: Command): Statement[] {
  return ((pipeline ?? []) as Command[]).flatMap(({ $lookup }) => {
    const { from = '', foreignField = '' } = ($lookup ?? {}) as Record<string, string>;
    return from in SHARD_KEYS
      ? [{ verb: '$lookup', collection: from, filter: { [foreignField]: 'each' } }]
      : [];
  });
}

function statementsOf({ commandName, command }: mongo.CommandStartedEvent): Statement[] {
  const collection = String(command[commandName === 'getMore' ? 'collection' : commandName]);
  const own = collection in SHARD_KEYS ? filtersOf(commandName, command) : [];
  return [
    ...own.map((filter) => ({ verb: commandName, collection, filter })),
    ...lookupsIn(command),
  ];
}

/** Whether the filter says which values the field has, one by one. */
function names(filter: Statement['filter'], field: string): boolean {
  const value = filter[field] as string | { $in?: unknown[] } | undefined;
  const values = typeof value === 'object' ? value.$in : [value];
  if (values?.length && values.every((one) => typeof one === 'string' && one !== '')) return true;
  return ((filter.$and ?? []) as Statement['filter'][]).some((part) => names(part, field));
}

let laurel: Laurel;
let workers: Connection;
let isWatched = true;
const seen: Statement[] = [];
const verbs = new Set<string>();

before(async () => {
  const servers = await testServers();
  const options = { mongodbOptions: '&monitorCommands=true', policy: IMPATIENT };
  laurel = await startLaurel({
    ...options,
    activities: (deps) => ({ ...deps, claims: ofWorkers.claims, stock: ofWorkers.stock }),
    workers: false,
  });
  const uri = servers.mongodbUri(laurel.database.name) + options.mongodbOptions;
  workers = await connect(uri, { appName: 'laurel-test' });
  const ofWorkers = await openStore(workers);
  await laurel.startWorkers();
  workers.getClient().on('commandStarted', (started) => seen.push(...statementsOf(started)));
  laurel.database.getClient().on('commandStarted', (started) => {
    if (isWatched) seen.push(...statementsOf(started));
  });
  await servers.stop();
});
after(async () => {
  await laurel.stop();
  await workers.close();
});
beforeEach(() => {
  seen.length = 0;
});

const IMPATIENT = { FULFILLMENT_MAX_ATTEMPTS: 2 };

/** What staff do, or the test itself. */
async function unwatched<T>(work: () => Promise<T>): Promise<T> {
  isWatched = false;
  try {
    return await work();
  } finally {
    isWatched = true;
  }
}

/** Every statement that was seen names its key. */
function assertNamed(): void {
  for (const { verb, collection } of seen) verbs.add(`${verb} ${collection}`);
  const forgetful = seen.filter(
    ({ collection, filter }) => !names(filter, SHARD_KEYS[collection] as string),
  );
  assert.ok(seen.length > 0, 'nothing was seen');
  assert.deepEqual(forgetful, []);
}

const player = () => unwatched(() => laurel.signIn());
type Player = Awaited<ReturnType<typeof player>>;

interface Asked {
  key?: string;
  rewardId?: string;
  waitS?: number;
}

/** A player claims over HTTP, and waits for the end unless told otherwise. */
async function claims({ token }: Player, eventId: string, asked: Asked = {}): Promise<ClaimBody> {
  const { body } = await laurel.claim(eventId, token, { waitS: 30, ...asked });
  return body;
}

/** A player claims; `state` is how it ends. */
async function endsAs(state: string, by: Player, eventId: string, asked: Asked = {}) {
  const claim = await claims(by, eventId, asked);
  assert.equal(claim.state, state, JSON.stringify(claim));
  assertNamed();
  return claim;
}

/** The player asks for the claim until it is as awaited. */
async function polled({ token }: Player, claimId: string, state: string): Promise<void> {
  await until(async () => {
    const params = { path: { claimId } };
    const { data } = await laurel.as(token).GET('/api/event-claims/{claimId}', { params });
    return data?.state === state;
  }, `a claim that is ${state}`);
}

const misbehaves = (eventId: string, ...rules: Rule[]) =>
  laurel.game.rules.add(rules.map((rule) => ({ ...rule, eventId }) as never));

const open = (given: Partial<EventFields> = {}) => unwatched(() => event(laurel, given));
const openAtGame = (given: Partial<EventFields> = {}) => unwatched(() => gameEvent(laurel, given));

describe('a claim names its shard key in every call to the database', () => {
  it('through the mailbox, with a stock, without, and of one reward of several', async () => {
    for (const rewards of [[CAPE], [MESOS], [CAPE, MESOS]]) {
      const { eventId } = await open({ rewards });
      await endsAs('GRANTED', await player(), eventId);
    }
    const { eventId } = await open({ rewards: [CAPE, MESOS], rewardSelection: 'PLAYER_CHOICE' });
    await endsAs('GRANTED', await player(), eventId, { rewardId: 'cape' });
  });

  it('where many claim at once, whose calls go together', async () => {
    const { eventId } = await open({ rewards: [{ ...CAPE, stock: 20 }] });
    const players = await Promise.all(Array.from({ length: 30 }, player));
    const ends = await Promise.all(players.map((one) => claims(one, eventId)));
    assert.equal(ends.filter(({ state }) => state === 'GRANTED').length, 20);
    assertNamed();
  });

  it('at a quick provider, with a stock and without', async () => {
    for (const rewards of [[CAPE], [MESOS], [CAPE, MOUNT]]) {
      const { eventId } = await openAtGame({ rewards });
      await endsAs('GRANTED', await player(), eventId);
    }
  });

  it('at one that does not decide at once: step by step, with a lookup, and while it is pending', async () => {
    const rules: Rule[] = [
      { do: 'fail', times: 1 },
      { do: 'dropAfterGrant', times: 1 },
      { do: 'pending', settleAfterMs: 100, callback: false },
    ];
    for (const rule of rules) {
      const { eventId } = await openAtGame();
      misbehaves(eventId, rule);
      await endsAs('GRANTED', await player(), eventId);
    }
  });

  it('refused by its provider and undone, and cancelled on its way', async () => {
    const { eventId } = await openAtGame({ rewards: [CAPE, MOUNT] });
    misbehaves(eventId, { do: 'refuse', lineId: 'mount' });
    await endsAs('FAILED', await player(), eventId);

    const slow = await openAtGame();
    misbehaves(slow.eventId, { do: 'pending', callback: false });
    const [one, key] = [await player(), uniqueName('key')];
    const { claimId } = await claims(one, slow.eventId, { key, waitS: 0 });
    await polled(one, claimId, 'FULFILLING');
    await workflowOf(laurel, { userId: one.id, idempotencyKey: key }).cancel();
    await polled(one, claimId, 'FAILED');
    assertNamed();
  });

  it('by a condition that our own records answer, met and not met', async () => {
    const condition: Condition = {
      all: [
        { metric: 'login', atLeast: 1 },
        { metric: 'event.granted', key: 'evt_other', equals: 0 },
      ],
    };
    const { eventId } = await open({ condition });
    const [eager, other] = [await player(), await player()];
    const login = { id: uniqueName('act'), userId: eager.id, metric: 'login' };
    const at = new Date(Date.now() - 60_000).toISOString();
    await laurel.store.progress.ingest([{ ...login, at }], new Date());
    await eligibility(laurel, eventId, eager.token);
    await endsAs('GRANTED', eager, eventId);
    await endsAs('REJECTED', other, eventId);
  });

  it('by a condition that the game answers, met, not met, and at a game provider', async () => {
    const condition: Condition = { metric: 'level', atLeast: 30, source: 'game' };
    const [able, other] = [await player(), await player()];
    laurel.game.setMetrics(able.id, { level: 31 });
    laurel.game.setMetrics(other.id, { level: 29 });
    for (const { eventId } of [await open({ condition }), await openAtGame({ condition })]) {
      await endsAs('GRANTED', able, eventId);
      await endsAs('REJECTED', other, eventId);
    }
  });

  it('sold out, where a hold finds it, where a bundle lacks a part, and where it is known', async () => {
    const few = { ...MOUNT, stock: 1 };
    const { eventId } = await open({ rewards: [CAPE, few] });
    await endsAs('GRANTED', await player(), eventId);
    await endsAs('REJECTED', await player(), eventId);
    const { token } = await player();
    assert.equal(codeOf(await laurel.claim(eventId, token)), 'sold_out');
    assertNamed();
  });

  it('parked, retried by an admin, and parked until its player leaves', async () => {
    const { eventId } = await openAtGame();
    misbehaves(eventId, { do: 'fail', times: 3 });
    const one = await player();
    const { claimId } = await claims(one, eventId, { waitS: 0 });
    await polled(one, claimId, 'NEEDS_ATTENTION');
    assertNamed();
    await unwatched(() => decide(laurel, claimId, 'retry'));
    await polled(one, claimId, 'GRANTED');

    const away = await openAtGame();
    misbehaves(away.eventId, { do: 'fail', on: ['grant', 'lookup'] });
    const [leaver, key] = [await player(), uniqueName('key')];
    const left = await claims(leaver, away.eventId, { key, waitS: 0 });
    await polled(leaver, left.claimId, 'NEEDS_ATTENTION');
    await unwatched(() => leaves(laurel, leaver.id));
    await workflowOf(laurel, { userId: leaver.id, idempotencyKey: key }).result();
    assertNamed();
  });

  it('replayed, with another key, and out of several that it may have', async () => {
    const { eventId } = await open({ rewards: [MESOS], claimsPerPeriod: 3 });
    const [one, key] = [await player(), uniqueName('key')];
    const first = await endsAs('GRANTED', one, eventId, { key });
    assert.equal((await endsAs('GRANTED', one, eventId, { key })).claimId, first.claimId);
    for (let n = 0; n < 2; n++) await endsAs('GRANTED', one, eventId);
    assert.equal(codeOf(await laurel.claim(eventId, one.token)), 'already_claimed');
    assertNamed();
  });

  it('begun anew by a replay where its run is gone', async () => {
    await laurel.stopWorkers();
    const { eventId } = await open();
    const [one, key] = [await player(), uniqueName('key')];
    const { claimId } = await claims(one, eventId, { key, waitS: 0 });
    await until(
      () =>
        workflowOf(laurel, { userId: one.id, idempotencyKey: key })
          .terminate()
          .then(
            () => true,
            () => false,
          ),
      'the run',
    );
    await unwatched(() => leaveAlone(laurel, claimId));
    await laurel.startWorkers();
    await endsAs('GRANTED', one, eventId, { key });
  });

  it('read by its player: one, all of them, what was granted, and as a stream', async () => {
    const { eventId } = await open();
    const one = await player();
    const { claimId } = await endsAs('GRANTED', one, eventId);
    const api = laurel.as(one.token);
    await dataOf(api.GET('/api/event-claims/{claimId}', { params: { path: { claimId } } }));
    for (const query of [{}, { state: 'GRANTED' } as const, { eventId }]) {
      await dataOf(api.GET('/api/event-claims', { params: { query } }));
    }
    await dataOf(api.GET('/api/grants'));
    await dataOf(api.GET('/api/events'));
    const headers = { authorization: `Bearer ${one.token}` };
    const stream = await fetch(`${laurel.url}/api/event-claims/${claimId}/stream`, { headers });
    assert.match(await stream.text(), /GRANTED/);
    assertNamed();
  });

  it('and all verbs that a claim has were among them', () => {
    const wanted = [
      ...['insert claims', 'find claims', 'findAndModify claims', 'update claims'],
      ...['update stock_buckets', 'find stock_buckets', 'aggregate stock_buckets'],
      '$lookup claims',
    ];
    assert.deepEqual(new Set(wanted).difference(verbs), new Set());
  });
});
