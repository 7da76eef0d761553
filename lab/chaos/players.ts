/** Players. Each claim has one key and is sent until there is a definite answer. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, type Client, succeeded } from './client.ts';
import type { PlannedClaim } from './plan.ts';
import type { ChaosEvent } from './staff.ts';

const PASSWORD = 'a password for chaos';
/** Registrations at once: hashing a password takes a core for half a second. */
const JOINING_AT_ONCE = 4;

export interface Player {
  name: string;
  userId: string;
  token: string;
}

/** What an answer said about a claim. */
export interface Told {
  claimId: string;
  state: string;
  reason: string | null;
}

/** One planned claim and its answers, as the player sees them. */
export interface Story {
  key: string;
  userId: string;
  eventId: string;
  rewardId: string | null;
  /** Every 2xx answer. The first one accepts the claim. */
  told: Told[];
  /** The codes of refusals. */
  refusals: string[];
}

/** Registers the players and signs them in. */
export async function joinPlayers(
  client: Client,
  count: number,
  giveUp: AbortSignal,
): Promise<Player[]> {
  const players: Player[] = [];
  const names = Array.from({ length: count }, (_, n) => `chaos-${n}`);
  const queue = names.entries();
  const worker = async () => {
    for (const [index, name] of queue) {
      const body = { username: name, password: PASSWORD };
      const answer = await client.insist(
        { method: 'POST', path: '/api/auth/register', body },
        giveUp,
      );
      const userId = succeeded(answer, name).id as string;
      const player = { name, userId, token: '' };
      await signIn(client, player, giveUp);
      players[index] = player;
    }
  };
  await Promise.all(Array.from({ length: JOINING_AT_ONCE }, worker));
  return players;
}

/** Signs the player in. False if the player may not sign in any more. */
async function signIn(client: Client, player: Player, giveUp: AbortSignal): Promise<boolean> {
  const body = { username: player.name, password: PASSWORD };
  const answer = await client.insist({ method: 'POST', path: '/api/auth/login', body }, giveUp);
  if (answer.status === 403) return false;
  player.token = succeeded(answer, player.name).accessToken as string;
  return true;
}

/** Sends the plan's claims at their times. Resolves once each has its answer. */
export async function playClaims(
  game: { client: Client; players: readonly Player[]; events: readonly ChaosEvent[] },
  plan: { seed: number; claims: readonly PlannedClaim[] },
  { onStory, giveUp }: { onStory: (story: Story) => void; giveUp: AbortSignal },
): Promise<Story[]> {
  const startMs = performance.now();
  const play = async (claim: PlannedClaim, n: number): Promise<Story> => {
    const story = newStory(game, claim, `chaos-${plan.seed}-${n}`);
    await sleep(Math.max(0, startMs + claim.atMs - performance.now()), undefined, {
      signal: giveUp,
    });
    const player = game.players[claim.player] as Player;
    const send = () => sendClaim(game.client, player, story, claim.waitS, giveUp);
    await Promise.all(Array.from({ length: claim.copies }, send));
    onStory(story);
    return story;
  };
  return await Promise.all(plan.claims.map(play));
}

function newStory(
  game: { players: readonly Player[]; events: readonly ChaosEvent[] },
  claim: PlannedClaim,
  key: string,
): Story {
  const event = game.events[claim.event] as ChaosEvent;
  const reward = event.rewards[claim.choice % event.rewards.length];
  return {
    key,
    userId: (game.players[claim.player] as Player).userId,
    eventId: event.eventId,
    rewardId: event.rewardSelection === 'PLAYER_CHOICE' ? (reward?.rewardId ?? null) : null,
    told: [],
    refusals: [],
  };
}

/** Sends one claim until there is a definite answer, and adds the answer to its story. */
async function sendClaim(
  client: Client,
  player: Player,
  story: Story,
  waitS: number,
  giveUp: AbortSignal,
): Promise<void> {
  const call = {
    method: 'POST',
    path: `/api/event-claims/${story.eventId}/claim`,
    headers: { 'idempotency-key': story.key, ...(waitS > 0 && { prefer: `wait=${waitS}` }) },
    body: story.rewardId === null ? {} : { rewardId: story.rewardId },
  } as const;
  let answer = await client.insist({ ...call, token: player.token }, giveUp);
  // Each change of the player's status ends their tokens.
  while (answer.status === 401 && (await signIn(client, player, giveUp))) {
    answer = await client.insist({ ...call, token: player.token }, giveUp);
  }
  addAnswer(answer, story);
}

function addAnswer({ status, body }: Answer, story: Story): void {
  if (status >= 300) {
    story.refusals.push(String(body.code ?? status));
    return;
  }
  story.told.push({
    claimId: body.claimId as string,
    state: body.state as string,
    reason: body.reason as string | null,
  });
}
