/** The demo's event with a condition: what players did reaches Laurel, over Kafka where a broker is there. */
import { randomUUID } from 'node:crypto';
import { Producer } from '@platformatic/kafka';
import type { StackFile } from '../../local/stack-file.ts';
import type { Api, Explained } from './client.ts';
import type { Player } from './round.ts';
import { each, progress } from './terminal.ts';

type Kafka = NonNullable<StackFile['kafka']>;

const BATCH = 500;

/** How long what was sent may take to be counted, in milliseconds: Kafka is quick, not immediate. */
const PATIENCE_MS = 60_000;
const POLL_MS = 200;
const LOOKING_AT_ONCE = 8;

const LEVEL = 30;
const QUESTS = 3;

/** Three quests since the event began, and a level. */
export const CONDITION = {
  all: [
    { metric: 'quest.completed', key: 'snow-1', atLeast: QUESTS },
    { metric: 'level', atLeast: LEVEL },
  ],
};

interface Activity {
  id: string;
  userId: string;
  metric: string;
  key?: string;
  value?: number;
  at: string;
}

/** Two players of three have done what the event asks for; every third one lacks a quest. */
const questsOf = (n: number): number => (n % 3 === 2 ? QUESTS - 1 : QUESTS);

function activitiesOf({ userId }: Player, n: number, at: string): Activity[] {
  const quests = Array.from({ length: questsOf(n) }, () => {
    return { id: randomUUID(), userId, metric: 'quest.completed', key: 'snow-1', at };
  });
  return [...quests, { id: randomUUID(), userId, metric: 'level', value: LEVEL, at }];
}

/** Every batch twice, as a game's servers may after a lost answer: it must count once. */
function batches(all: Activity[]): Activity[][] {
  const once = Array.from({ length: Math.ceil(all.length / BATCH) }, (_, n) =>
    all.slice(n * BATCH, (n + 1) * BATCH),
  );
  return [...once, ...once];
}

async function overKafka({ brokers, prefix = '' }: Kafka, all: Activity[]): Promise<void> {
  const producer = new Producer({ clientId: 'laurel-demo', bootstrapBrokers: brokers });
  try {
    for (const batch of batches(all)) {
      await producer.send({
        messages: batch.map((activity) => ({
          topic: `${prefix}game.activity`,
          key: Buffer.from(activity.userId),
          value: Buffer.from(JSON.stringify(activity)),
        })),
      });
    }
  } finally {
    await producer.close();
  }
}

async function overHttp(api: Api, token: string, all: Activity[]): Promise<void> {
  for (const events of batches(all)) {
    await api.get('POST', '/api/activity-events', { token, body: { events } });
  }
}

/** Waits until Laurel has counted what this player did. @throws Error where it does not come to it */
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
 * Reports what every player did, all of it twice, and waits until it is counted.
 * @param kafka where it is, or none to report over HTTP
 * @param token a game server's
 * @returns which way it went
 */
export async function feed(
  api: Api,
  { eventId, players, token }: { eventId: string; players: readonly Player[]; token: string },
  kafka: Kafka | undefined,
): Promise<'Kafka' | 'HTTP'> {
  const at = new Date().toISOString();
  const all = players.flatMap((player, n) => activitiesOf(player, n, at));
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

/** An explanation as lines for a person, a leaf a line. */
export function told(explained: Explained): string[] {
  const leaves = explained.all ?? [explained];
  return leaves.map(({ metric, key, have, need, met }) => {
    const name = key === undefined ? metric : `${metric} ${key}`;
    return `${met ? '✓' : '✗'} ${name}: ${have ?? 'none'} of ${need}`;
  });
}

/** What does not fit of how the round ended: exactly those who lack a quest are refused for it. */
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
