/**
 * Laurel as the operators' page sees it: real claims at a game that can be made to fail, staff of
 * every role who sign in by a password, and events to look at.
 */
import assert from 'node:assert/strict';
import { createPasswords } from '../../api/identity/passwords.ts';
import { createStaffSignIn } from '../../api/identity/staff-oidc.ts';
import { CALLBACK_PATH } from '../../api/routes/staff-oidc.ts';
import { type components, dataOf } from '../../client/index.ts';
import type { EventFields } from '../../domain/events/event.ts';
import { CAPE, DAILY_IN_SEOUL, eventFields, MESOS, ONCE } from '../../domain/events/test-fields.ts';
import type { Role } from '../../domain/user.ts';
import type { StaffContext } from '../../store/users/staff.ts';
import { parked, reconcile, recordOnce } from '../helpers.ts';
import { startLaurel } from '../laurel.ts';
import { type OpenIdProvider, startOpenIdProvider } from '../openid-provider.ts';

export type ConsoleStack = Awaited<ReturnType<typeof startConsoleStack>>;

/** The roles that see the console. */
export type Staff = Exclude<Role, 'PLAYER' | 'GAME_SERVER'>;

/** The password of everybody. */
export const PASSWORD = 'correct horse battery';

/** One of each role. */
export const USERNAMES: Record<Staff, string> = {
  ADMIN: 'haneul.admin',
  OPERATOR: 'minji.operator',
  SUPPORT: 'jisoo.support',
  AUDITOR: 'doyun.auditor',
};

/** The name of the studio's own sign-in. */
export const PROVIDER_NAME = 'studio';
const SCOPE = { scope: 'openid profile' };

const DAY_MS = 86_400_000;

/** One cape for each player, by the simulated game. */
const IN_THE_GAME: Partial<EventFields> = {
  claimUntil: null,
  period: ONCE,
  rewards: [CAPE],
  fulfillment: { provider: 'game' },
};

/** What a claim at the game may be made to meet. */
type Misfortune = 'fails' | 'never ends';

/** Starts it, with nobody but staff in it; `stop` drops its database. */
export async function startConsoleStack() {
  const webUi = { url: 'http://127.0.0.1:8233', namespace: 'default' };
  const provider = await startOpenIdProvider([`http://127.0.0.1${CALLBACK_PATH}`]);
  const laurel = await startLaurel({ api: { webUi, staffOidc: staffOidcAt(provider) } });
  const passwordHash = await createPasswords().hash(PASSWORD);

  /** A user who can sign in by the password. @returns their ID, and a token of theirs */
  async function user(username: string, role: Role) {
    return { ...(await laurel.signIn(role, { username, passwordHash })), username };
  }

  const admin = await user(USERNAMES.ADMIN, 'ADMIN');
  const operator = await user(USERNAMES.OPERATOR, 'OPERATOR');
  await user(USERNAMES.SUPPORT, 'SUPPORT');
  await user(USERNAMES.AUDITOR, 'AUDITOR');
  const gameServer = await user('game.server', 'GAME_SERVER');

  /** The operator makes an event at the game that is open now, one day old. */
  async function openEvent(title: string, given: Partial<EventFields> = {}) {
    const startsAt = new Date(Date.now() - DAY_MS);
    const endsAt = new Date(Date.now() + 20 * DAY_MS);
    const fields = eventFields({ title, startsAt, endsAt, ...IN_THE_GAME, ...given });
    return (await laurel.store.events.create(operatorOf(operator.id), fields, 'ACTIVE')).event;
  }

  /** A new player claims; resolves once the claim is as it is to be. */
  async function claim(eventId: string, username: string, misfortune?: Misfortune) {
    const player = await user(username, 'PLAYER');
    const on: ('grant' | 'lookup')[] = ['grant', 'lookup'];
    const retryAfter = misfortune === 'never ends' && { retryAfter: '3600' };
    if (misfortune) {
      laurel.game.rules.add({ do: 'fail', userId: player.id, eventId, on, ...retryAfter });
    }
    const key = `key-of-${username}`;
    const { body } = await laurel.claim(eventId, player.token, { key });
    const { claimId } = body;
    if (misfortune === 'fails') await parked(laurel, claimId);
    const until = misfortune ? 'FULFILLING' : 'GRANTED';
    if (misfortune !== 'fails') await recordOnce(laurel, claimId, ({ state }) => state === until);
    return { ...player, key, claimId };
  }

  /** Tells the game's failures to end: what is tried again succeeds. */
  const mendGame = () => laurel.game.rules.clear();

  /** Counts something for a player, as a game server does. */
  async function count(userId: string, metric: string, key: string, value: number) {
    const event = { id: `${userId}-${metric}-${key}`, userId, metric, key, value };
    const body = { events: [{ ...event, at: new Date().toISOString() }] };
    await dataOf(laurel.as(gameServer.token).POST('/api/activity-events', { body }));
  }

  /** Changes an event, as an admin. */
  async function change(eventId: string, body: components['schemas']['EventPatch']): Promise<void> {
    const params = { path: { eventId } };
    await dataOf(laurel.as(admin.token).PATCH('/api/events/{eventId}', { params, body }));
  }

  return {
    ...{ laurel, url: laurel.url, provider, admin, operator },
    ...{ user, openEvent, change, claim, mendGame, count },
    async stop() {
      await laurel.stop();
      await provider.close();
    },
  };
}

/** The provider as `STAFF_OIDC` names it. */
function staffOidcAt({ issuer, clientId, clientSecret }: OpenIdProvider) {
  const roles = { claim: 'groups', map: { ops: 'OPERATOR' }, allowAdmin: false } as const;
  const settings = { name: PROVIDER_NAME, issuer, clientId, clientSecret, roles, ...SCOPE };
  return { settings, signIn: createStaffSignIn(settings) };
}

/** Something of everything, so that no screen is empty. @returns what the screens are opened with */
export async function fillStack(stack: ConsoleStack) {
  const { laurel, openEvent, claim, count } = stack;
  const snow = await openEvent('겨울 눈꽃 축제 · Snow festival', {
    period: DAILY_IN_SEOUL,
    rewards: [MESOS, { ...CAPE, stock: 500 }],
    condition: {
      all: [
        { metric: 'quest.completed', key: 'snow-1', atLeast: 3, window: 'PERIOD' },
        {
          any: [
            { metric: 'level', atLeast: 30 },
            { metric: 'login.streak', atLeast: 7 },
          ],
        },
      ],
    },
  });
  const lanterns = await openEvent('Lantern night', { rewards: [{ ...CAPE, stock: 40 }] });
  const staff = operatorOf(stack.operator.id);
  await laurel.store.events.create(staff, draftOf('Spring blossoms'), 'DRAFT');
  const waiting = await stack.user('seoyeon', 'PLAYER');
  await count(waiting.id, 'quest.completed', 'snow-1', 2);
  const [granted, failed] = await Promise.all([
    claim(lanterns.eventId, 'jiho'),
    claim(lanterns.eventId, 'yuna', 'fails'),
    claim(lanterns.eventId, 'eunwoo', 'fails'),
  ]);
  const operationId = await retryAll(stack, (await openEvent('Old fair')).eventId);
  await reconcile(laurel);
  return { snow, waiting, granted, failed, operationId };
}

/** A bulk action on nothing: it is done at once. */
async function retryAll({ laurel, admin }: ConsoleStack, eventId: string): Promise<string> {
  const started = await dataOf(
    laurel.as(admin.token).POST('/api/event-claims/retry', {
      params: { header: { 'Idempotency-Key': 'seed' } },
      body: { eventId, note: 'The game was down from 02:10 to 02:35' },
    }),
  );
  assert.ok('operationId' in started);
  return started.operationId;
}

function draftOf(title: string): EventFields {
  const startsAt = new Date(Date.now() + 30 * DAY_MS);
  const endsAt = new Date(startsAt.getTime() + 14 * DAY_MS);
  return eventFields({ title, startsAt, endsAt, claimUntil: null, rewards: [MESOS] });
}

function operatorOf(userId: string): StaffContext {
  return { actor: { userId, role: 'OPERATOR' }, requestId: 'test' };
}
