/** The demo's event with a condition. Player events are sent over Kafka if there is a broker, else HTTP. */
import { randomUUID } from 'node:crypto';
import { Producer } from '@platformatic/kafka';
import type { StackFile } from '../../local/stack-file.ts';
import type { Api, Explained } from './client.ts';
import type { Player } from './round.ts';
import { each, progress } from './terminal.ts';

type Kafka = NonNullable<StackFile['kafka']>;

/** Events of one batch. */
const BATCH = 500;

/** Longest time until sent events are counted, in milliseconds. */
const PATIENCE_MS = 60_000;
/** Pause between two looks at a player's progress, and players who are looked at at once. */
const POLL_MS = 200;
const LOOKING_AT_ONCE = 8;

/** What the condition asks for: a level, and a number of quests. */
const LEVEL = 30;
const QUESTS = 3;

/** The event's condition: three quests since it began, and a level. */
export const CONDITION = {
  all: [
    { metric: 'quest.completed', key: 'snow-1', atLeast: QUESTS },
    { metric: 'level', atLeast: LEVEL },
  ],
};

/** What a player did, as a game's server reports it. */
interface PlayerEvent {
  id: string;
  userId: string;
  metric: string;
  key?: string;
  value?: number;
  at: string;
}

/** Quests of the n-th player. Every third player has one too few. */
const questsOf = (n: number): number => (n % 3 === 2 ? QUESTS - 1 : QUESTS);

function playerEventsOf({ userId }: Player, n: number, at: string): PlayerEvent[] {
  const quests = Array.from({ length: questsOf(n) }, () => {
    return { id: randomUUID(), userId, metric: 'quest.completed', key: 'snow-1', at };
  });
  return [...quests, { id: randomUUID(), userId, metric: 'level', value: LEVEL, at }];
}

/** Every batch twice, as a game's server sends it after a lost answer. It must count once. */
function batches(all: PlayerEvent[]): PlayerEvent[][] {
  const once = Array.from({ length: Math.ceil(all.length / BATCH) }, (_, n) =>
    all.slice(n * BATCH, (n + 1) * BATCH),
  );
  return [...once, ...once];
}

async function overKafka({ brokers, prefix = '' }: Kafka, all: PlayerEvent[]): Promise<void> {
  const producer = new Producer({ clientId: 'laurel-demo', bootstrapBrokers: brokers });
  try {
    for (const batch of batches(all)) {
      await producer.send({
        messages: batch.map((event) => ({
          topic: `${prefix}game.activity`,
          key: Buffer.from(event.userId),
          value: Buffer.from(JSON.stringify(event)),
        })),
      });
    }
  } finally {
    await producer.close();
  }
}

async function overHttp(api: Api, token: string, all: PlayerEvent[]): Promise<void> {
  for (const events of batches(all)) {
    await api.get('POST', '/api/activity-events', { token, body: { events } });
  }
}

/** Waits until Laurel has counted this player's events. @throws Error when the time is up */
async function counted(api: Api, eventId: string, player: Player, n: number): Promise<void> {
  const path = `/api/events/${eventId}/eligibility`;
  const endsAtMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const { condition } = await api.get<{ condition: Explained }>('GET', path, player);
    const haves = condition.all?.map(({ have }) => have);
    if (haves?.[0] === questsOf(n) && haves[1] === LEVEL) return;
    if (performance.now() > endsAtMs) throw new Error(`${player.userId} has ${haves} counted`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/**
 * Sends the events of all players, each twice, and waits until they are counted.
 * @param kafka the brokers; without them events go over HTTP
 * @returns what carried them
 */
export async function feed(
  api: Api,
  { eventId, players, token }: { eventId: string; players: readonly Player[]; token: string },
  kafka: Kafka | undefined,
): Promise<'Kafka' | 'HTTP'> {
  const at = new Date().toISOString();
  const all = players.flatMap((player, n) => playerEventsOf(player, n, at));
  if (kafka) await overKafka(kafka, all);
  else await overHttp(api, token, all);
  const shown = progress('Players whose quests are counted', players.length);
  await each([...players.entries()], LOOKING_AT_ONCE, async ([n, player]) => {
    await counted(api, eventId, player, n);
    shown.tick();
  });
  shown.end();
  return kafka ? 'Kafka' : 'HTTP';
}

/** An explanation as text, one line for each leaf. */
export function explanationLines(explained: Explained): string[] {
  const leaves = explained.all ?? [explained];
  return leaves.map(({ metric, key, have, need, met }) => {
    const name = key === undefined ? metric : `${metric} ${key}`;
    return `${met ? '✓' : '✗'} ${name}: ${have ?? 'none'} of ${need}`;
  });
}

/** What is wrong in a round: exactly the players who lack a quest must be refused for the condition. */
export function wronglyJudged(
  players: readonly Player[],
  claims: readonly { userId: string; reason: string | null }[],
): string[] {
  const reasons = new Map(claims.map(({ userId, reason }) => [userId, reason]));
  return players.flatMap(({ userId }, n) => {
    const isRefused = reasons.get(userId) === 'CONDITION_NOT_MET';
    const hasLess = questsOf(n) < QUESTS;
    if (!reasons.has(userId) || isRefused === hasLess) return [];
    return [`${userId} did ${questsOf(n)} of ${QUESTS} quests: ${reasons.get(userId)}`];
  });
}
