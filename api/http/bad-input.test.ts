import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { HonoRequest } from 'hono/request';
import { BAD_TEXTS } from '../../test/bad-texts.ts';
import { type Answer, type Fields, PASSWORD, type TestApp, testApp } from '../test-app.ts';

const EVENT = {
  title: 'Snow festival',
  description: 'Snow',
  startsAt: '2026-12-01T00:00:00Z',
  endsAt: '2026-12-31T15:00:00Z',
  claimUntil: '2027-01-07T15:00:00Z',
  listedFrom: '2026-11-24T00:00:00Z',
  period: {
    kind: 'DAILY',
    timeZone: 'Asia/Seoul',
    resetHour: 5,
    resetMinute: 30,
    resetDay: 'THURSDAY',
  },
  claimsPerPeriod: 1,
  claimsTotal: 5,
  exclusiveGroup: 'winter-2026',
  condition: { metric: 'quest.completed', key: 'snow-1', atLeast: 3, source: 'progress' },
  rewardSelection: 'ALL',
  rewards: [{ rewardId: 'cape', kind: 'ITEM', name: 'Frost cape', quantity: 1, stock: 500 }],
  fulfillment: { provider: 'mailbox' },
  parkedAfter: { action: 'ABORT', hours: 1 },
  status: 'ACTIVE',
};

/**
 * Every route with a body, and a body that fits. A route that is not in this table fails the test.
 */
const FITTING: Record<string, Fields> = {
  'POST /api/auth/register': { username: 'somebody', password: PASSWORD, displayName: 'Some' },
  'POST /api/auth/login': { username: 'somebody', password: PASSWORD },
  'POST /api/auth/session': { username: 'somebody', password: PASSWORD },
  'POST /api/auth/refresh': { refreshToken: 'x' },
  'POST /api/auth/logout': { refreshToken: 'x' },
  'POST /api/users/{userId}/erasure': {},
  'POST /api/auth/login/totp': { mfaToken: 'x', code: '000000' },
  'POST /api/auth/session/totp': { mfaToken: 'x', code: '000000' },
  'POST /api/auth/password': { currentPassword: PASSWORD, newPassword: 'a whole new password' },
  'POST /api/auth/password-reset': { resetToken: 'x', newPassword: 'a whole new password' },
  'POST /api/auth/totp/confirm': { code: '000000' },
  'POST /api/service-accounts': { name: 'a-server', role: 'GAME_SERVER' },
  'POST /api/service-accounts/{userId}/keys': { expiresAt: '2099-01-01T00:00:00Z' },
  'PATCH /api/users/{userId}': { role: 'PLAYER', status: 'ACTIVE' },
  'POST /api/events': EVENT,
  'PATCH /api/events/{eventId}': EVENT,
  'POST /api/events/{eventId}/clone': {
    title: 'Snow festival II',
    startsAt: '2027-12-01T00:00:00Z',
    endsAt: '2027-12-31T15:00:00Z',
    claimUntil: '2028-01-07T15:00:00Z',
  },
  'POST /api/events/{eventId}/rewards/{rewardId}/stock': { add: 5 },
  'POST /api/event-claims/{eventId}/claim': { rewardId: 'cape' },
  'POST /api/event-claims/{claimId}/retry': { note: 'looked into it' },
  'POST /api/event-claims/{claimId}/abort': { note: 'looked into it' },
  'POST /api/event-claims/retry': {
    eventId: 'evt_1',
    reason: 'INTERNAL',
    note: 'the game is back',
  },
  'POST /api/event-claims/abort': {
    eventId: 'evt_1',
    reason: 'INTERNAL',
    provider: 'mailbox',
    parkedBefore: '2026-11-22T00:00:00Z',
    note: 'given up',
  },
  'POST /api/operations/{operationId}/stop': {},
  // A mistake in one event is answered for that event: see `activity-events.test.ts`.
  'POST /api/activity-events': { events: [] },
};

/** Routes whose body is optional. */
const OPTIONAL = Object.keys(FITTING).filter((route) =>
  /\/(event-claims|operations|service-accounts)\/\{|\/erasure$/.test(route),
);

/** The body is read only if its signature is right: tested elsewhere. */
const SIGNED = ['POST /api/provider-callbacks/{provider}'];

/** The contract: login answers a field of a wrong shape like a wrong value. */
const refusalOf = (route: string): [number, string] =>
  /\/(login|session)$/.test(route) ? [401, 'invalid_credentials'] : [400, 'invalid_request'];

let t: TestApp;
let admin: string;
let player: string;
let gameServer: string;
before(async () => {
  t = await testApp();
  admin = (await t.signIn('ADMIN')).accessToken;
  player = (await t.signIn('PLAYER')).accessToken;
  gameServer = (await t.signIn('GAME_SERVER')).accessToken;
});
after(() => t.close());

function tokenFor(route: string): string {
  if (route.endsWith('/activity-events')) return gameServer;
  return route.endsWith('/claim') ? player : admin;
}

async function send(route: string, body: unknown, more: Record<string, string> = {}) {
  const [method = '', path = ''] = route.split(' ');
  const token = tokenFor(route);
  const headers = { 'idempotency-key': route, 'sec-fetch-site': 'same-origin', ...more };
  return await t.call(method, path.replaceAll(/\{\w+\}/g, 'unknown'), { token, body, headers });
}

const refused = (answer: Answer<Fields>, expected: [number, string], what: string) =>
  assert.deepEqual([answer.status, answer.body.code], expected, what);

const pointersOf = ({ body }: Answer<Fields>) =>
  (body.errors as { pointer: string }[]).map(({ pointer }) => pointer);

const WRONG_FOR_TEXT = [{ $gt: '' }, { $ne: null }, ['a'], [], {}, 7, true, null];
/** Fields that may be null as well. */
const NULLABLE = ['claimUntil', 'listedFrom', 'exclusiveGroup', 'expiresAt'];

type Schema = Record<string, unknown>;
interface Operation {
  parameters?: { in: string; name: string }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}
interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

/**
 * Where a schema has free text. Of a list the first item is looked at; each component only once.
 */
function textsIn(document: OpenApi, schema: Schema, way: string[] = [], seen: string[] = []) {
  const found: string[][] = [];
  const enter = (inner: unknown, more: string[] = [], now = seen) =>
    found.push(...textsIn(document, inner as Schema, [...way, ...more], now));
  const { $ref, type, properties = {}, items, anyOf = [], oneOf = [] } = schema;
  const component = typeof $ref === 'string' ? ($ref.split('/').at(-1) ?? '') : '';
  if (component && !seen.includes(component)) {
    enter(document.components.schemas[component], [], [...seen, component]);
  }
  for (const [field, inner] of Object.entries(properties as Fields)) enter(inner, [field]);
  if (items) enter(items, ['0']);
  for (const choice of [...(anyOf as Schema[]), ...(oneOf as Schema[])]) enter(choice);
  const isFree = ['enum', 'const', 'format', 'pattern'].every((bound) => !(bound in schema));
  return [type].flat().includes('string') && isFree ? [way, ...found] : found;
}

const openApi = async () => (await t.call<OpenApi>('GET', '/openapi.json')).body;

/** Where a route's bodies have free text, by the OpenAPI document. */
function textsOf(document: OpenApi, route: string): string[][] {
  const [method = '', path = ''] = route.split(' ');
  const content = document.paths[path]?.[method.toLowerCase()]?.requestBody?.content;
  const ways = textsIn(document, content?.['application/json']?.schema as Schema);
  return ways.filter(([first]) => first !== 'events');
}

/** Where a body holds text, at any depth: the keys that lead there. */
function textPlaces(value: unknown, way: string[] = []): string[][] {
  if (typeof value === 'string') return [way];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => textPlaces(inner, [...way, key]));
}

/** A copy of a body with one place in it changed. */
function withChange(body: Fields, way: string[], value: unknown): Fields {
  const copy = structuredClone(body);
  const holder = way.slice(0, -1).reduce((at, key) => at[key] as Fields, copy);
  holder[way.at(-1) ?? ''] = value;
  return copy;
}

/** A body with one more field, as text, because `__proto__` is no ordinary key of an object. */
function withField(body: Fields, field: string): string {
  const fields = Object.entries(body).map((f) => f.map((part) => JSON.stringify(part)).join(':'));
  return `{${[`${JSON.stringify(field)}:1`, ...fields].join(',')}}`;
}

describe('a body', () => {
  it('is tried for every route that takes one', async () => {
    const { paths } = await openApi();
    const taking = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, route]) => 'requestBody' in route)
        .map(([method]) => `${method.toUpperCase()} ${path}`),
    );
    assert.deepEqual(taking.sort(), [...Object.keys(FITTING), ...SIGNED].sort());
  });

  for (const [route, fitting] of Object.entries(FITTING)) {
    for (const way of textPlaces(fitting)) {
      it(`${route} refuses every wrong type in ${way.join('/')}`, async () => {
        const isNullable = NULLABLE.includes(way.at(-1) ?? '');
        for (const value of WRONG_FOR_TEXT) {
          if (value === null && isNullable) continue;
          const answer = await send(route, withChange(fitting, way, value));
          refused(answer, refusalOf(route), JSON.stringify(value));
        }
      });
    }

    it(`${route} refuses every bad text, and says where`, async () => {
      for (const way of textsOf(await openApi(), route)) {
        const where = way.join('/');
        for (const [what, value] of Object.entries(BAD_TEXTS)) {
          const answer = await send(route, withChange(fitting, way, value));
          refused(answer, refusalOf(route), `${what} in ${where}`);
          if (answer.status === 400) assert.deepEqual(pointersOf(answer), [`/${where}`]);
        }
      }
    });

    it(`${route} refuses bytes that are not UTF-8`, async () => {
      const text = Buffer.from(JSON.stringify({ ...fitting, more: 'caf\u00e9' }), 'latin1');
      const answer = await send(route, text);
      refused(answer, [400, 'invalid_request'], 'Latin-1');
      assert.equal(answer.body.detail, 'The body is not UTF-8.');
    });

    it(`${route} refuses a field it does not know, and says which`, async () => {
      for (const field of ['unknown', '$where', '__proto__', 'constructor', 'a/b', '']) {
        const text = withField(fitting, field);
        const answer = await send(route, text);
        refused(answer, [400, 'invalid_request'], field);
        assert.equal(pointersOf(answer)[0], `/${field.replaceAll('/', '~1')}`);
      }
    });

    it(`${route} refuses what is no JSON object`, async () => {
      for (const text of [
        '{',
        '{"a":',
        'null',
        '[]',
        '[{}]',
        '"text"',
        '7',
        'undefined',
        '\u0000',
      ]) {
        refused(await send(route, text), [400, 'invalid_request'], text);
      }
    });

    it(`${route} ${OPTIONAL.includes(route) ? 'needs no' : 'needs a'} body`, async () => {
      for (const [body, type] of [[], ['', 'application/json']]) {
        const answer = await send(route, body, type ? { 'content-type': type } : {});
        if (OPTIONAL.includes(route)) assert.equal(answer.status, 404);
        else refused(answer, [400, 'invalid_request'], String(type));
      }
    });

    it(`${route} refuses another media type`, async () => {
      const text = JSON.stringify(fitting);
      for (const type of [
        'text/plain',
        'application/x-www-form-urlencoded',
        'multipart/form-data',
      ]) {
        const answer = await send(route, text, { 'content-type': type });
        refused(answer, [415, 'unsupported_media_type'], type);
      }
    });

    it(`${route} refuses five megabytes`, async () => {
      const answer = await send(route, { ...fitting, more: 'x'.repeat(5_000_000) });
      refused(answer, [413, 'payload_too_large'], '5 MB');
    });

    it(`${route} takes its media type with a character set`, async () => {
      const type = 'application/json; charset=UTF-8';
      const answer = await send(route, JSON.stringify(fitting), { 'content-type': type });
      assert.ok(![400, 415].includes(answer.status), `${answer.status}`);
    });
  }
});

describe('a text', () => {
  it('is stored as NFC, whichever form it was sent in, with its emoji whole', async () => {
    const korean = '눈 축제 👨‍👩‍👧 ❤️ 1️⃣';
    const sent = korean.normalize('NFD');
    assert.notEqual(sent, korean);
    const event = {
      ...EVENT,
      title: ` ${sent} `,
      description: `${sent}\n${sent}`,
      condition: { not: { any: [{ metric: '퀘스트', key: '눈 1', atLeast: 1 }] } },
      rewards: [{ rewardId: 'cape', kind: 'ITEM', name: sent, quantity: 1 }],
    };
    const asSent = JSON.parse(JSON.stringify(event).normalize('NFD')) as Fields;
    const { status, body } = await send('POST /api/events', asSent, {
      'idempotency-key': 'nfc',
    });
    assert.equal(status, 201);
    assert.equal(body.title, korean);
    assert.equal(body.description, `${korean}\n${korean}`);
    assert.deepEqual(body.condition, event.condition);
    assert.equal((body.rewards as Fields[])[0]?.name, korean);
  });

  it('is a name as NFC too', async () => {
    const body = { username: 'A\u030asa of snow', password: PASSWORD };
    const answer = await t.call('POST', '/api/auth/register', { body });
    assert.deepEqual(
      [answer.body.username, answer.body.displayName],
      ['Åsa of snow', 'Åsa of snow'],
    );
  });
});

/** Notes which fields of bodies (`json`) and queries the routes look at, as in `json note`. */
function watchReads() {
  const read = new Set<string>();
  const { addValidatedData } = HonoRequest.prototype;
  HonoRequest.prototype.addValidatedData = function (target, data) {
    const watched = new Proxy(data, {
      get(of, name) {
        read.add(`${target} ${String(name)}`);
        return Reflect.get(of, name);
      },
      // Copied as a whole: then any field may be read of the copy.
      ownKeys(of) {
        read.add(`${target} *`);
        return Reflect.ownKeys(of);
      },
    });
    addValidatedData.call(this, target, watched);
  };
  const stop = () => {
    HonoRequest.prototype.addValidatedData = addValidatedData;
  };
  return { read, stop };
}

describe('what a route declares that it takes', () => {
  const fieldsOf = (document: OpenApi, { parameters = [], requestBody }: Operation): string[] => {
    const schema = requestBody?.content['application/json']?.schema ?? {};
    const name =
      String(schema.$ref ?? '')
        .split('/')
        .at(-1) ?? '';
    const { properties = {} } = document.components.schemas[name] ?? schema;
    const queries = parameters.filter((parameter) => parameter.in === 'query');
    return [
      ...Object.keys(properties as Fields).map((field) => `json ${field}`),
      ...queries.map((parameter) => `query ${parameter.name}`),
    ];
  };

  it('is read, each field of its body and its query', async () => {
    const document = await openApi();
    // If there is nothing to change, the change is not looked at.
    const event = await send('POST /api/events', EVENT, { 'idempotency-key': 'read' });
    const ids = { eventId: String(event.body.eventId), userId: (await t.signIn()).id };
    let fields = 0;
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(operations)) {
        const route = `${method.toUpperCase()} ${path}`;
        const declared = fieldsOf(document, operation);
        if (declared.length === 0 || SIGNED.includes(route)) continue;
        const { read, stop } = watchReads();
        const found = route.replace('{eventId}', ids.eventId).replace('{userId}', ids.userId);
        await send(found, FITTING[route]).finally(stop);
        for (const field of declared) {
          const [where] = field.split(' ');
          assert.ok(read.has(field) || read.has(`${where} *`), `${route}: nothing reads ${field}`);
        }
        fields += declared.length;
      }
    }
    assert.ok(fields > 50, `${fields} fields`);
  });
});
