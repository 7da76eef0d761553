/** The events and players that one sequence has in the real product, by the model's names. */
import { dataOf } from '../../client/index.ts';
import { claimIdOf } from '../../store/claims/claim-record.ts';
import { uniqueName } from '../../test/servers.ts';
import { KEYS, PLAYERS, type Sequence } from './random-sequences.ts';
import type { System } from './real-system.ts';
import { claimName, type Event, named, type Reward } from './world.ts';

const PASSWORD = 'not a secret here';
const FAR_OFF = '2100-01-01T00:00:00Z';

interface Player {
  userId: string;
  username: string;
  /** The access token of the last sign-in that succeeded. */
  token: string;
  /** The answer to the last sign-in. */
  signIn: string;
}

export interface Cast {
  system: System;
  /** The events as they are at the start. */
  events: { [name: string]: Event };
  eventIds: { [name: string]: string };
  players: { [name: string]: Player };
  /** Every claim that the players' keys can make: its product ID by its model name, and back. */
  claimIds: { [name: string]: string };
  claimNames: { [claimId: string]: string };
}

/** Makes the events and players of a sequence. @throws Error if the product refuses one */
export async function assemble(system: System, sequence: Pick<Sequence, 'events'>): Promise<Cast> {
  const events = Object.fromEntries(sequence.events.map((event, i) => [`E${i}`, event]));
  const [eventIds, players] = await Promise.all([
    byName(Object.keys(events), (name) => addEvent(system, named(events, name))),
    byName(PLAYERS, (name) => addPlayer(system, name)),
  ]);
  const claims = PLAYERS.flatMap((name) =>
    KEYS.map((key) => [claimName(name, key), claimIdOf(named(players, name).userId, key)] as const),
  );
  return {
    system,
    events,
    eventIds,
    players,
    claimIds: Object.fromEntries(claims),
    claimNames: Object.fromEntries(claims.map(([name, claimId]) => [claimId, name])),
  };
}

/** Runs `make` for all names at once, and returns the results by name. */
export async function byName<T>(names: readonly string[], make: (name: string) => Promise<T>) {
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await make(name)] as const)),
  );
}

/** A reward as the body of an operator's request has it. */
export function rewardBody({ rewardId, quantity }: Reward, stock?: number | null) {
  const kind = 'ITEM' as const;
  return { rewardId, kind, name: rewardId, quantity, ...(stock !== undefined && { stock }) };
}

async function addEvent({ laurel, operator }: System, event: Event): Promise<string> {
  const { status, provider, selection, rewards } = event;
  const { claimsPerPeriod, claimsTotal, exclusiveGroup } = event;
  const body = {
    title: 'An event of the model',
    startsAt: '2000-01-01T00:00:00Z',
    endsAt: FAR_OFF,
    claimsPerPeriod,
    claimsTotal,
    exclusiveGroup,
    rewardSelection: selection,
    rewards: rewards.map((reward) => rewardBody(reward, reward.stock)),
    fulfillment: { provider },
    // No event of a sequence begins in another one.
    status: status as 'DRAFT' | 'ACTIVE',
  };
  return (await dataOf(laurel.as(operator).POST('/api/events', { body }))).eventId;
}

async function addPlayer(system: System, name: string): Promise<Player> {
  const body = { username: uniqueName(name), password: PASSWORD };
  const { id } = await dataOf(system.laurel.as().POST('/api/auth/register', { body }));
  const player = { userId: id, username: body.username, token: '', signIn: '' };
  await signIn(system, player);
  return player;
}

/** Signs the player in, keeps the answer, and keeps the new token if it succeeds. */
export async function signIn({ laurel }: System, player: Player): Promise<void> {
  const body = { username: player.username, password: PASSWORD };
  const answer = await laurel.as().POST('/api/auth/login', { body });
  player.signIn = describeAnswer(answer);
  if (answer.data) player.token = answer.data.accessToken;
}

/** An answer's status, and its problem code if it has one. */
export function describeAnswer(answer: { response: { status: number }; error?: object }): string {
  const { status } = answer.response;
  const code: unknown = answer.error && Reflect.get(answer.error, 'code');
  return typeof code === 'string' ? `${status} ${code}` : `${status}`;
}
