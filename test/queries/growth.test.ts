/**
 * With thousands of earlier claims no query of the API looks at more than without them. MongoDB's
 * profiler tells what each one looked at, on the test's own database.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { AppDeps } from '../../api/app.ts';
import { createTrustedIssuers } from '../../api/identity/issuers.ts';
import { type TestApp, testApp } from '../../api/test-app.ts';
import { type Collections, openCollections } from '../../lab/bench/collections.ts';
import { type Call, filled } from '../../lab/bench/growth-ask.ts';
import { callEveryRoute } from '../../lab/bench/growth-calls.ts';
import { GROWTH_ISSUER } from '../../lab/bench/growth-identity.ts';
import { pileUp } from '../../lab/bench/growth-pile.ts';
import { type Profile, type Seen, startProfile } from '../../lab/bench/growth-profile.ts';
import { claimOf, type Pile } from '../../lab/bench/growth-records.ts';
import { openWorld } from '../../lab/bench/growth-world.ts';
import { stopClaimsOf } from '../../temporal/stop-claims.ts';
import { type TestServers, testServers } from '../servers.ts';

const CLAIMS = 2_000;
const STOCK = 300;

/**
 * Keys and documents that one query may look at beyond what it returns. Every list of the pile's is
 * longer: 200 claims of each event, 200 players, 60 failed claims.
 */
const MOST_BEYOND = 40;

interface Asked {
  route: string;
  query: string;
  seen: Seen[];
  /** Records that its queries may look at, where no index serves the whole filter. */
  lookedAt: number;
}

let t: TestApp;
let servers: TestServers;
let collections: Collections;
let pile: Pile;
const asked: Asked[] = [];
before(async () => {
  const providerSecret = `whsec_${randomBytes(32).toString('base64')}`;
  // Nobody works on what is claimed here: it is the API that is looked at.
  const runs = { start: async () => {}, wake: async () => true };
  t = await testApp({
    issuers: createTrustedIssuers([GROWTH_ISSUER], {
      now: () => new Date(),
      onTrouble: assert.ifError,
    }),
    providerSecrets: new Map([['game', providerSecret]]),
    runs: runs as AppDeps['runs'],
    bulkRuns: runs,
    starter: runs,
    onUserLeft: (userId) => stopClaimsOf({ claims: t.store.claims, runs }, userId),
  });
  servers = await testServers();
  collections = await openCollections(servers.mongodbUri(t.connection.name));
  pile = await pileUp(collections, { claims: CLAIMS, stock: STOCK, changes: CLAIMS / 10 });
  const { tokens } = t.deps;
  const world = await openWorld(collections, tokens, { pile, claims: CLAIMS, providerSecret });
  const profile = await startProfile(collections.database, 'test');
  await callEveryRoute(world, callThrough(profile));
  await profile.stop();
});
after(async () => {
  await collections?.database.close();
  await t?.close();
  await servers?.stop();
});

function callThrough(profile: Profile): Call {
  return async (route, parts, query, { by, body, headers = {}, status, lookedAt = 0 }) => {
    const [method, path] = filled(route, parts);
    const answer = await t.call(method, path + query, {
      token: by?.token,
      body,
      headers,
    });
    const isAwaited = status === undefined ? answer.status < 300 : answer.status === status;
    assert.ok(isAwaited, `${route}${query}: ${answer.status} ${JSON.stringify(answer.body)}`);
    asked.push({ route, query, seen: await profile.take(), lookedAt });
    return answer;
  };
}

/** Every query that breaks a rule, in words. */
function those(breakIt: (seen: Seen, lookedAt: number) => boolean): string[] {
  const found = asked.flatMap(({ route, query, seen, lookedAt }) =>
    seen
      .filter((s) => breakIt(s, lookedAt))
      .map((s) => {
        return `${route}${query}: ${s.what}, ${s.plan}: ${s.keys} keys, ${s.docs} documents for ${s.returned}`;
      }),
  );
  return [...new Set(found)];
}

describe('with thousands of earlier claims', () => {
  it('the earlier claims are such as the store keeps', async () => {
    for (const n of [0, 949, 970, 1_999]) await t.store.claims.model.validate(claimOf(pile, n));
    assert.deepEqual(await t.store.stock.unbalanced(), []);
    assert.equal((await t.store.auditLog.verify()).isWhole, true);
  });

  it('every route of the API was asked', () => {
    const { paths = {} } = t.app.getOpenAPI31Document({
      openapi: '3.1.0',
      info: { title: 'Laurel', version: '1' },
    });
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods as object).map((method) => `${method.toUpperCase()} ${path}`),
    );
    // The stream makes the queries of `GET /api/overview`, and does not end.
    const known = new Set([...asked.map(({ route }) => route), 'GET /api/overview/stream']);
    assert.deepEqual(
      routes.filter((route) => !known.has(route)),
      [],
      'routes of the API of which lab/bench/growth-calls.ts knows nothing',
    );
  });

  it('every query goes by an index', () => {
    assert.ok(asked.some(({ seen }) => seen.some(({ plan }) => plan.startsWith('IXSCAN'))));
    assert.deepEqual(
      those(({ plan }) => plan.includes('COLLSCAN')),
      [],
    );
  });

  it(`no query looks at more than ${MOST_BEYOND} keys or documents beyond what it returns`, () => {
    assert.deepEqual(
      those(({ keys, docs, returned }, lookedAt) => {
        return Math.max(keys, docs) > Math.max(returned, lookedAt) + MOST_BEYOND;
      }),
      [],
    );
  });
});
