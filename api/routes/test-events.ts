/** For tests of the event routes: the contract's own example, and calls as each role. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { ROLES, type Role } from '../../domain/user.ts';
import { type Answer, type Fields, type TestApp, testApp } from '../test-app.ts';

export const CAPE = { rewardId: 'cape', kind: 'ITEM', name: 'Frost cape', quantity: 1, stock: 500 };
export const MESOS = {
  rewardId: 'mesos',
  kind: 'CURRENCY',
  name: 'Mesos',
  quantity: 10_000,
  stock: null,
};

/** The contract's own example of a condition. */
export const CONDITION = {
  all: [
    { metric: 'quest.completed', key: 'snow-1', atLeast: 3, window: 'PERIOD' },
    {
      any: [
        { metric: 'level', atLeast: 30 },
        { metric: 'login.streak', atLeast: 7 },
      ],
    },
  ],
};

/** The contract's own example, but for its condition. */
export const FESTIVAL = {
  title: 'Snow festival',
  description: 'It snows.',
  startsAt: '2126-12-01T00:00:00Z',
  endsAt: '2126-12-31T15:00:00Z',
  claimUntil: '2127-01-07T15:00:00Z',
  listedFrom: null,
  period: {
    kind: 'DAILY',
    timeZone: 'Asia/Seoul',
    resetHour: 5,
    resetMinute: 30,
    resetDay: 'THURSDAY',
  },
  claimsPerPeriod: 1,
  claimsTotal: 20,
  exclusiveGroup: 'winter-2126',
  condition: null,
  rewardSelection: 'ALL',
  rewards: [MESOS, CAPE],
  fulfillment: { provider: 'mailbox' },
  parkedAfter: { action: 'ABORT', hours: 72 },
  status: 'ACTIVE',
};

export interface ShownEvent extends Fields {
  eventId: string;
  version: number;
  rewards: Fields[];
}

/** The application, once the hooks of `useEventApi` have run. */
export let t: TestApp;
const tokens = new Map<Role, string>();

/** Brings the application up for a test file, with one user of each role. Call it at its top. */
export function useEventApi(): void {
  before(async () => {
    t = await testApp({ providerSecrets: new Map([['game', 'whsec_']]) });
    for (const role of ROLES) tokens.set(role, (await t.signIn(role)).accessToken);
  });
  after(() => t.close());
}

/** Calls as the user of that role. */
export const as =
  (role: Role) =>
  <T = Fields>(method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
    t.call<T>(method, path, { token: tokens.get(role), body, headers: headers ?? {} });
export const operator = as('OPERATOR');
export const player = as('PLAYER');

/** Creates the festival, with these fields instead of its own. */
export async function create(given: Fields = {}): Promise<ShownEvent> {
  const answer = await operator<ShownEvent>('POST', '/api/events', { ...FESTIVAL, ...given });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body;
}

/** An event after its first claim. */
export async function createClaimed(): Promise<ShownEvent> {
  const event = await create();
  assert.ok(await t.store.events.markClaimed(event.eventId, 1));
  return event;
}

export const at = (event: Pick<ShownEvent, 'eventId'>) => `/api/events/${event.eventId}`;

/** The places that an answer names as wrong. */
export const pointersOf = (answer: Answer<Fields>) =>
  ((answer.body.errors ?? []) as { pointer: string }[]).map(({ pointer }) => pointer);
