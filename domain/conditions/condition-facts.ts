/**
 * Reads the numbers that a condition compares, each from the source that knows it.
 *
 * Workflow code must not import this file: it needs a library and the machine's time zone data.
 */
import { Temporal } from 'temporal-polyfill';
import { type DayStart, dayStartOf } from '../events/period.ts';
import { type Condition, type Fact, type Leaf, leavesOf } from './condition.ts';
import type { GameData } from './game-data.ts';
import {
  ACCOUNT_AGE,
  EVENT_GRANTED,
  type Gauges,
  isWithin,
  LOGIN_STREAK,
  NO_PROGRESS,
  parseTimeSpan,
  providerOf,
} from './metrics.ts';
import { DAY_MS } from './player-event.ts';
import type { Aggregation, ProgressQuery, ProgressReader } from './progress.ts';

/** The metric of the player events that make a login streak. */
const LOGIN = 'login';

/** The moment for which a condition is judged, and its windows. */
export interface Judgement extends DayStart {
  /** The claim's acceptance. */
  at: Date;
  /**
   * The play moment. What the player did until then counts, that millisecond included. In the grace
   * it is earlier than `at`. The time of day and grants of other events always count as of `at`.
   */
  playedUntil: Date;
  startsAt: Date;
  /** Where the window `PERIOD` begins: with the period, but not before the event. */
  periodStartsAt: Date;
}

/** What Laurel knows about a player beside their progress. */
export interface Account {
  createdAt: Date;
  /** The player's granted claims, of the events that the condition names. */
  grants: { eventId: string; endedAt: Date }[];
}

/** Where a player's numbers come from. */
export interface FactSources {
  userId: string;
  account: Account;
  gauges: Gauges;
  progress: ProgressReader;
  /**
   * Asks a provider for metrics by name. Null: it has no answer now. What it throws is passed on.
   */
  askProvider(provider: string, names: string[]): Promise<GameData | null>;
}

/** The IDs of the other events that the condition names. `Account.grants` must cover them. */
export function chainedEvents(condition: Condition): string[] {
  const chained = ownLeaves(condition).filter(({ metric }) => metric === EVENT_GRANTED);
  return [...new Set(chained.map(({ key = '' }) => key))];
}

/** The names of the providers that the condition asks, each once. */
export function providersOf(condition: Condition): string[] {
  const names = leavesOf(condition).map(({ leaf }) => providerOf(leaf));
  return [...new Set(names.filter((name) => name !== null))];
}

/** The condition's queries about the player's progress, in the order of its leaves. */
export function queriesOf(condition: Condition, judgement: Judgement, gauges: Gauges) {
  return progressLeaves(condition).map((leaf) => queryOf(leaf, judgement, gauges));
}

/**
 * Reads the facts for `explain`: one call for all progress, and one call to each provider.
 * @throws what the sources throw
 */
export async function readFacts(
  condition: Condition,
  judgement: Judgement,
  sources: FactSources,
): Promise<Fact[]> {
  const queries = queriesOf(condition, judgement, sources.gauges);
  const [numbers, answers] = await Promise.all([
    queries.length > 0 ? sources.progress.read(sources.userId, queries) : [],
    askAll(condition, sources),
  ]);
  const own = progressLeaves(condition);
  return leavesOf(condition).map(({ leaf }): Fact => {
    const provider = providerOf(leaf);
    if (provider !== null) {
      const answer = answers.get(provider);
      return answer ? (answer.get(leaf.metric) ?? null) : undefined;
    }
    const asked = own.indexOf(leaf);
    return asked === -1 ? ownFact(leaf, judgement, sources.account) : (numbers[asked] ?? null);
  });
}

/** The leaves that Laurel answers itself. */
function ownLeaves(condition: Condition): Leaf[] {
  const leaves = leavesOf(condition).map(({ leaf }) => leaf);
  return leaves.filter((leaf) => providerOf(leaf) === null);
}

function progressLeaves(condition: Condition): Leaf[] {
  return ownLeaves(condition).filter(({ metric }) => !NO_PROGRESS.includes(metric));
}

async function askAll(
  condition: Condition,
  sources: FactSources,
): Promise<Map<string, GameData | null>> {
  const leaves = leavesOf(condition).map(({ leaf }) => leaf);
  const answers = providersOf(condition).map(async (provider) => {
    const own = leaves.filter((leaf) => providerOf(leaf) === provider);
    const names = [...new Set(own.map(({ metric }) => metric))];
    return [provider, await sources.askProvider(provider, names)] as const;
  });
  return new Map(await Promise.all(answers));
}

/**
 * Where a leaf's window begins; null for all time. The default for a counter is the event's start.
 * The default for a state (a gauge, a streak, a grant) is all time: a level reached last year still
 * counts.
 */
function windowStart(leaf: Leaf, judgement: Judgement, isState: boolean): Date | null {
  switch (leaf.window ?? (isState ? 'ALL_TIME' : 'EVENT')) {
    case 'EVENT':
      return judgement.startsAt;
    case 'PERIOD':
      return judgement.periodStartsAt;
    case 'ALL_TIME':
      return null;
  }
}

function aggregationOf({ metric }: Leaf, gauges: Gauges): Aggregation {
  if (metric === LOGIN_STREAK) return 'STREAK';
  return Object.hasOwn(gauges, metric) ? (gauges[metric] ?? 'COUNT') : 'COUNT';
}

function queryOf(leaf: Leaf, judgement: Judgement, gauges: Gauges): ProgressQuery {
  const aggregation = aggregationOf(leaf, gauges);
  return {
    metric: aggregation === 'STREAK' ? LOGIN : leaf.metric,
    key: leaf.key ?? null,
    aggregation,
    from: windowStart(leaf, judgement, aggregation !== 'COUNT'),
    until: new Date(judgement.playedUntil.getTime() + 1),
    ...dayStartOf(judgement),
  };
}

function ownFact(leaf: Leaf, judgement: Judgement, account: Account): number | null {
  switch (leaf.metric) {
    case ACCOUNT_AGE: {
      const ageMs = judgement.playedUntil.getTime() - account.createdAt.getTime();
      return Math.max(0, Math.floor(ageMs / DAY_MS));
    }
    case EVENT_GRANTED: {
      const from = windowStart(leaf, judgement, true);
      const isCounted = ({ eventId, endedAt }: Account['grants'][number]) =>
        eventId === leaf.key && endedAt <= judgement.at && (from === null || from <= endedAt);
      return account.grants.filter(isCounted).length;
    }
    default: {
      const span = parseTimeSpan(leaf.key ?? '');
      return span && isWithin(span, minuteOfDay(judgement)) ? 1 : 0;
    }
  }
}

/** The time of day in the event's time zone, in minutes from midnight. */
function minuteOfDay({ at, timeZone }: Judgement): number {
  const local = Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timeZone);
  return 60 * local.hour + local.minute;
}
