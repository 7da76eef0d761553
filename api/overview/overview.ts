/** The overview: what needs a person now, the live events, and the claims of the last hour. */
import { MAILBOX } from '../../domain/claims/fulfillment.ts';
import { DomainError } from '../../domain/errors.ts';
import type { ClaimGroup } from '../../store/claims/claim-summary.ts';
import type { ClaimStore } from '../../store/claims/claims.ts';
import type { GrantedUnits, Outcome, RecentClaims } from '../../store/claims/recent-claims.ts';
import type { EventStore, LiveEvent } from '../../store/events/events.ts';
import type { Reconciliation, ReconciliationStore } from '../../store/reconciliations.ts';
import type { StockLevels, StockStore } from '../../store/stock/stock.ts';
import type { Attention, Overview } from './overview-schema.ts';

export interface OverviewDeps {
  store: {
    claims: Pick<ClaimStore, 'summary' | 'countParked'>;
    recentClaims: RecentClaims;
    events: Pick<EventStore, 'live'>;
    reconciliations: Pick<ReconciliationStore, 'latest'>;
    stock: Pick<StockStore, 'levelsOfEvents'>;
  };
  /** The providers that are configured, by name; the mailbox is always there. */
  providerSecrets: ReadonlyMap<string, unknown>;
  now: () => Date;
}

/** The newest live events are shown: enough for a person to look at. */
const EVENTS_SHOWN = 200;

/** The largest groups of parked claims are shown. */
const GROUPS_SHOWN = 100;

/** A run of reconciliation is late after so many intervals, as the runbook's alert has it. */
const LATE_AFTER_RUNS = 3;

/** The interval unless the runs show a longer one, in milliseconds: the default of the setting. */
const USUAL_INTERVAL_MS = 60_000;

/** A rate over less than this says little, in minutes. */
const LEAST_MINUTES = 1 / 6;

const MINUTE_MS = 60_000;

type ParkedGroup = ClaimGroup<'reason' | 'eventId' | 'provider'>;

/** Reads everything and puts it together. Not for two calls at once. */
export async function readOverview(deps: OverviewDeps): Promise<Overview> {
  const at = deps.now();
  const { claims, events, reconciliations, recentClaims } = deps.store;
  const [parked, runs, found, recent, lately] = await Promise.all([
    parkedGroups(claims),
    reconciliations.latest(2),
    events.live(at, EVENTS_SHOWN),
    recentClaims.outcomes(at),
    recentClaims.granted(at),
  ]);
  const live = found.slice(0, EVENTS_SHOWN);
  const levels = await deps.store.stock.levelsOfEvents(live.map(({ eventId }) => eventId));
  const shown = {
    parked: parkedOf(parked),
    reconciliation: reconciliationOf(runs, levels, at),
    providers: providersOf(deps, parked.groups, recent.outcomes),
    events: eventsOf(live, { levels, ...lately }),
    moreEvents: found.length > live.length,
    claims: { since: recent.since.toISOString(), ...countsOf(recent.outcomes) },
  };
  return { at: at.toISOString(), attention: attentionOf(shown), ...shown };
}

/** The parked claims by cause; without groups where there are too many to read each in time. */
async function parkedGroups(claims: OverviewDeps['store']['claims']) {
  try {
    const groups = await claims.summary({ state: 'NEEDS_ATTENTION' }, [
      'reason',
      'eventId',
      'provider',
    ]);
    return { count: sum(groups), groups: groups as ParkedGroup[] };
  } catch (error) {
    if (!(error instanceof DomainError && error.code === 'unavailable')) throw error;
    return { count: await claims.countParked(), groups: null };
  }
}

const sum = (groups: readonly { count: number }[]): number =>
  groups.reduce((total, { count }) => total + count, 0);

const oldest = (groups: readonly { oldestAt: Date }[]): string | null =>
  groups.length === 0
    ? null
    : new Date(Math.min(...groups.map(({ oldestAt }) => oldestAt.getTime()))).toISOString();

function parkedOf({ count, groups }: Awaited<ReturnType<typeof parkedGroups>>): Overview['parked'] {
  const shown = groups?.slice(0, GROUPS_SHOWN).map(({ oldestAt, ...group }) => ({
    ...group,
    oldestAt: oldestAt.toISOString(),
  }));
  return {
    count,
    oldestAt: groups && oldest(groups),
    groups: (shown ?? null) as Overview['parked']['groups'],
  };
}

function reconciliationOf(
  runs: readonly Reconciliation[],
  levels: readonly StockLevels[],
  at: Date,
): Overview['reconciliation'] {
  const [last, before] = runs;
  const isBalanced = levels.every((of) => of.stock === of.available + of.held + of.granted);
  if (!last) return { lastRun: null, isLate: true, addsUp: isBalanced };
  const gapMs = before ? last.startedAt.getTime() - before.startedAt.getTime() : 0;
  const lateMs = LATE_AFTER_RUNS * Math.max(gapMs, USUAL_INTERVAL_MS);
  return {
    lastRun: {
      startedAt: last.startedAt.toISOString(),
      endedAt: last.endedAt.toISOString(),
      failures: last.failures,
      unbalanced: last.unbalanced.length,
    },
    isLate: at.getTime() - last.endedAt.getTime() > lateMs,
    addsUp: isBalanced && last.unbalanced.length === 0,
  };
}

type States = NonNullable<Overview['claims']['states']>;

function statesOf(outcomes: readonly Outcome[]): States {
  const states: States = {};
  for (const { state, count } of outcomes) states[state] = (states[state] ?? 0) + count;
  return states;
}

function countsOf(outcomes: readonly Outcome[] | null) {
  if (!outcomes) return { states: null, reasons: null };
  const counts = new Map<string, number>();
  for (const { state, reason, count } of outcomes) {
    if (reason === null) continue;
    const key = JSON.stringify({ state, reason });
    counts.set(key, (counts.get(key) ?? 0) + count);
  }
  const reasons = [...counts]
    .map(([key, count]) => ({ ...(JSON.parse(key) as Pick<Outcome, 'state' | 'reason'>), count }))
    .toSorted((a, b) => b.count - a.count);
  return { states: statesOf(outcomes), reasons } as Pick<Overview['claims'], 'states' | 'reasons'>;
}

/** The providers that are configured, and those that claims name, by name. */
function providersOf(
  { providerSecrets }: Pick<OverviewDeps, 'providerSecrets'>,
  parked: readonly ParkedGroup[] | null,
  outcomes: readonly Outcome[] | null,
): Overview['providers'] {
  const named = [...(parked ?? []), ...(outcomes ?? [])].map(({ provider }) => String(provider));
  const names = [...new Set([MAILBOX, ...providerSecrets.keys(), ...named])].toSorted();
  const parkedAt = Map.groupBy(parked ?? [], ({ provider }) => provider);
  const outcomesOf = Map.groupBy(outcomes ?? [], ({ provider }) => provider);
  return names.map((provider) => {
    const groups = parkedAt.get(provider) ?? [];
    return {
      provider,
      parked: parked && sum(groups),
      oldestParkedAt: oldest(groups),
      lastHour: outcomes && statesOf(outcomesOf.get(provider) ?? []),
    };
  });
}

/** What is known of the live events' units. */
interface Units {
  levels: readonly (StockLevels & { eventId: string })[];
  granted: readonly GrantedUnits[] | null;
  /** `granted` counts from here, until before `until`, which is at most ten seconds ahead. */
  since: Date;
  until: Date;
}

/** No event's ID and no reward's has a space. */
const rewardKey = ({ eventId, rewardId }: { eventId: string; rewardId: string }): string =>
  `${eventId} ${rewardId}`;

function eventsOf(live: readonly LiveEvent[], units: Units): Overview['events'] {
  const levels = new Map(units.levels.map((of) => [rewardKey(of), of]));
  const lately = new Map<string, number>();
  for (const of of units.granted ?? []) {
    lately.set(rewardKey(of), (lately.get(rewardKey(of)) ?? 0) + of.units);
  }
  return live.map(({ eventId, startsAt, endsAt, claimableUntil, rewards, ...event }) => {
    const openMs = units.until.getTime() - Math.max(units.since.getTime(), startsAt.getTime());
    const minutes = Math.max(openMs / MINUTE_MS, LEAST_MINUTES);
    return {
      eventId,
      ...event,
      startsAt: startsAt.toISOString(),
      endsAt: endsAt.toISOString(),
      claimableUntil: claimableUntil.toISOString(),
      rewards: rewards.map(({ rewardId, name, stock: limit }) => {
        const key = rewardKey({ eventId, rewardId });
        const unread = { stock: limit, available: null, held: null, granted: null };
        const { stock, available, held, granted } = levels.get(key) ?? unread;
        const grantedLately = units.granted && (lately.get(key) ?? 0);
        const perMinute = grantedLately === null ? null : grantedLately / minutes;
        return {
          ...{ rewardId, name, stock, available, held, granted, grantedLately },
          perMinute: perMinute === null ? null : Math.round(perMinute * 100) / 100,
          emptyAt: emptyAt(available, perMinute, units.until),
        };
      }),
    };
  });
}

/**
 * When so many units are gone at that rate; null where they never are, or are already.
 * @param from moves every ten seconds only, so that the answer stays the same in between
 */
function emptyAt(available: number | null, perMinute: number | null, from: Date): string | null {
  if (!available || !perMinute) return null;
  const ms = from.getTime() + (available / perMinute) * MINUTE_MS;
  // To the second: more would be a promise. A date has an end, in the year 275760.
  const second = Math.round(ms / 1_000) * 1_000;
  return second > LAST_DATE_MS ? null : new Date(second).toISOString();
}

/** The last moment of the year 9999, which RFC 3339 can still write; since the epoch. */
const LAST_DATE_MS = Date.UTC(10_000, 0, 1) - 1;

function attentionOf({
  parked,
  reconciliation: { lastRun, isLate, addsUp },
}: Pick<Overview, 'parked' | 'reconciliation'>): Attention[] {
  const holds: Record<Attention, boolean> = {
    CLAIMS_PARKED: parked.count > 0,
    STOCK_DOES_NOT_ADD_UP: !addsUp,
    RECONCILIATION_LATE: isLate,
    RECONCILIATION_FAILED: (lastRun?.failures ?? 0) > 0,
  };
  return (Object.keys(holds) as Attention[]).filter((what) => holds[what]);
}
