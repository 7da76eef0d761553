/** The demo's event with a condition. Player events are sent over Kafka if there is a broker, else HTTP. */
import { randomUUID } from 'node:crypto';
import { Producer } from '@platformatic/kafka';
import { type components, dataOf } from '../../client/index.ts';
import type { StackFile } from '../../local/stack-file.ts';
import type { Api, Player } from './client.ts';
import { each, progress } from './terminal.ts';

type Kafka = NonNullable<StackFile['kafka']>;
type Explained = components['schemas']['ExplainedCondition'];
/** What a player did, as a game's server reports it. */
type PlayerEvent = components['schemas']['ActivityEvent'];

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

async function overHttp(gameServer: Api, all: PlayerEvent[]): Promise<void> {
  for (const events of batches(all)) {
    await dataOf(gameServer.POST('/api/activity-events', { body: { events } }));
  }
}

/** Waits until Laurel has counted this player's events. @throws Error when the time is up */
async function counted(eventId: string, { userId, api }: Player, n: number): Promise<void> {
  const params = { path: { eventId } };
  const endsAtMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const { condition } = await dataOf(api.GET('/api/events/{eventId}/eligibility', { params }));
    const haves = condition && leavesOf(condition).map(({ have }) => have);
    if (haves?.[0] === questsOf(n) && haves[1] === LEVEL) return;
    if (performance.now() > endsAtMs) throw new Error(`${userId} has ${haves} counted`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/**
 * Sends the events of all players, each twice, and waits until they are counted.
 * @param kafka the brokers; without them events go over HTTP
 * @returns what carried them
 */
export async function feed(
  {
    eventId,
    players,
    gameServer,
  }: { eventId: string; players: readonly Player[]; gameServer: Api },
  kafka: Kafka | undefined,
): Promise<'Kafka' | 'HTTP'> {
  const at = new Date().toISOString();
  const all = players.flatMap((player, n) => playerEventsOf(player, n, at));
  if (kafka) await overKafka(kafka, all);
  else await overHttp(gameServer, all);
  const shown = progress('Players whose quests are counted', players.length);
  await each([...players.entries()], LOOKING_AT_ONCE, async ([n, player]) => {
    await counted(eventId, player, n);
    shown.tick();
  });
  shown.end();
  return kafka ? 'Kafka' : 'HTTP';
}

type ExplainedLeaf = Extract<Explained, { metric: string }>;

/** The leaves of an explanation of `CONDITION`, whose nodes are all lists in `all`. */
function leavesOf(explained: Explained): ExplainedLeaf[] {
  if ('metric' in explained) return [explained];
  return 'all' in explained ? explained.all.flatMap(leavesOf) : [];
}

/** An explanation as text, one line for each leaf. */
export function explanationLines(explained: Explained): string[] {
  return leavesOf(explained).map(({ metric, key, have, need, met }) => {
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
