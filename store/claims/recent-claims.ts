/**
 * What became of the claims of the last hour, and what was granted in the last ten minutes. Each
 * process keeps its own sums, and reads only what is new.
 */
import type { Model } from 'mongoose';
import { type ClaimState, FINAL_STATES, type Reason } from '../../domain/claims/claim.ts';
import { isAnswer, TIME_IS_UP } from '../mongodb/connection.ts';
import { BY_GRANT, BY_STATE, type Claim } from './claim-record.ts';
import { bucketOfField, createSlidingSums, type InBucket, type Span } from './sliding-sums.ts';

/** How many claims of the last hour have these fields. */
export interface Outcome {
  state: ClaimState;
  reason: Reason | null;
  provider: string;
  count: number;
}

/** The units of a reward that were granted. */
export interface GrantedUnits {
  eventId: string;
  rewardId: string;
  units: number;
}

/** What was granted from `since` until before `until`, which is up to ten seconds ahead. */
interface Granted {
  since: Date;
  until: Date;
  granted: GrantedUnits[] | null;
}

/** An hour, and ten minutes, in milliseconds. */
const OUTCOMES_MS = 3_600_000;
const GRANTS_MS = 600_000;

/** How long one look may read, in milliseconds: overviews are made every two seconds. */
const WITHIN_MS = 1_500;

/** A claim may wait so long between its acceptance and its record, in milliseconds; generous. */
const RECORDED_WITHIN_MS = 5 * 60_000;

/** The partial index of open claims. */
const OPEN = 'open_accepted';

/** Makes flat documents of groups. */
const FLAT = [{ $replaceWith: { $mergeObjects: ['$_id', '$$ROOT'] } }, { $unset: '_id' }];

/** The open claims of a window. */
interface Open {
  outcomes: Outcome[];
  /** How many there are in each bucket; `_id` is its start, a number of 64 bits. */
  buckets: { _id: number | bigint; count: number }[];
}

const FIELDS = { state: '$state', reason: '$reason', provider: '$snapshot.provider' } as const;

export type RecentClaims = ReturnType<typeof createRecentClaims>;

/** @param model the claims' collection */
export function createRecentClaims(model: Model<Claim>) {
  /** What the stages find; null where the database needs too long. */
  async function listOf<T extends object>(stages: object[], hint: string): Promise<T[] | null> {
    return await model.collection
      .aggregate<T>(stages, { hint, maxTimeMS: WITHIN_MS })
      .toArray()
      .catch((error: unknown) => {
        if (isAnswer(error, TIME_IS_UP)) return null;
        throw error;
      });
  }

  const groupsOf = <G extends object>(stages: object[], group: object, hint: string) =>
    listOf<G>([...stages, { $group: group }, ...FLAT], hint);

  const within = ({ fromMs, untilMs }: Span) => ({
    $gte: new Date(fromMs),
    $lt: new Date(untilMs),
  });

  const final = createSlidingSums<Outcome>({
    windowMs: OUTCOMES_MS,
    withinMs: WITHIN_MS,
    sumUp: (span) =>
      groupsOf<InBucket<Outcome>>(
        [{ $match: { state: { $in: FINAL_STATES }, createdAt: within(span) } }],
        { _id: { ...FIELDS, bucketMs: bucketOfField('$createdAt') }, count: { $sum: 1 } },
        BY_STATE,
      ),
  });

  const granted = createSlidingSums<GrantedUnits>({
    windowMs: GRANTS_MS,
    withinMs: WITHIN_MS,
    sumUp: (span) =>
      groupsOf<InBucket<GrantedUnits>>(
        [
          { $match: { 'lines.state': 'GRANTED', endedAt: within(span) } },
          { $unwind: '$lines' },
          { $match: { 'lines.state': 'GRANTED' } },
        ],
        {
          _id: {
            eventId: '$eventId',
            rewardId: '$lines.lineId',
            bucketMs: bucketOfField('$endedAt'),
          },
          units: { $sum: '$lines.quantity' },
        },
        BY_GRANT,
      ),
  });

  /** The claims of the window that are open now: by what they have in common, and by bucket. */
  async function open(sinceMs: number): Promise<Open | null> {
    const acceptedAt = { $gte: new Date(sinceMs - RECORDED_WITHIN_MS) };
    const count = { count: { $sum: 1 } };
    const found = await listOf<Open>(
      [
        { $match: { open: true, acceptedAt, createdAt: { $gte: new Date(sinceMs) } } },
        {
          // Two short lists instead of one with every bucket of every group.
          $facet: {
            outcomes: [{ $group: { _id: FIELDS, ...count } }, ...FLAT],
            buckets: [{ $group: { _id: bucketOfField('$createdAt'), ...count } }],
          },
        },
      ],
      OPEN,
    );
    return found && (found[0] ?? null);
  }

  return {
    /**
     * The claims created in the last hour, counted by what became of them. Not for two calls at
     * once.
     * @returns `outcomes` is null where they are too many to be counted in time
     */
    async outcomes(now: Date): Promise<{ since: Date; outcomes: Outcome[] | null }> {
      const { fromMs: sinceMs } = final.windowAt(now.getTime());
      const since = new Date(sinceMs);
      const running = await open(sinceMs);
      if (!running) return { since, outcomes: null };
      // A bucket's final claims are counted again only after one of its open claims has ended.
      const openIn = new Map(running.buckets.map(({ _id, count }) => [Number(_id), count]));
      const stampOf = (bucketMs: number) => String(openIn.get(bucketMs) ?? 0);
      const ended = await final.read(now.getTime(), stampOf);
      return { since, outcomes: ended && [...running.outcomes, ...ended] };
    },

    /**
     * The units granted in the last ten minutes, by the end of their claims. Several sums may be of
     * one reward. Not for two calls at once.
     * @returns `granted` is null where they are too many to be counted in time
     */
    async granted(now: Date): Promise<Granted> {
      const { fromMs, untilMs } = granted.windowAt(now.getTime());
      const units = await granted.read(now.getTime());
      return { since: new Date(fromMs), until: new Date(untilMs), granted: units };
    },
  };
}
