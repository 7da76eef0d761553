/**
 * Every change of every claim, in order, for whoever publishes them: MongoDB's change stream, from
 * where it was last left. The place is one document, and so is the turn: one process at a time reads.
 */
import { randomUUID } from 'node:crypto';
import type { Connection, mongo } from 'mongoose';
import { Schema } from 'mongoose';
import type { ClaimState, Reason } from '../../domain/claims/claim.ts';
import { isAnswer } from '../mongodb/connection.ts';
import type { Claim } from './claim-record.ts';

/** A claim as one change left it. */
export interface ClaimChange {
  claimId: string;
  eventId: string;
  userId: string;
  state: ClaimState;
  reason: Reason | null;
  /** Grows with every change of the claim. */
  version: number;
  at: Date;
}

/** Where the feed stood: to go on behind. */
interface FeedPlace {
  /** Null while claims are read again: they all are once more, unless that ends. */
  token: unknown;
  /** When the last change was made. */
  at: Date | null;
}

export interface ClaimFeed {
  /** The turn to publish, or null where another process has it. Changes from now on are not missed. */
  takeTurn(): Promise<FeedTurn | null>;
}

/** The turn lasts for half a minute from each `keep` and `remember`. */
export interface FeedTurn {
  /** The next changes, at most 500, or none after a moment. Changes that were seen may come again. */
  next(): Promise<{ changes: ClaimChange[]; place: FeedPlace }>;
  /** Makes the turn last. @throws TurnLost where another process has it now */
  keep(): Promise<void>;
  /** Whether the turn still lasts, by our own clock. */
  isOurs(): boolean;
  /** Goes on from there, whoever has the next turn. @throws TurnLost */
  remember(place: FeedPlace): Promise<void>;
  /** Gives the turn away. */
  end(): Promise<void>;
}

class TurnLost extends Error {}

interface StoredPlace {
  _id: string;
  holder: string;
  until: Date;
  token?: unknown;
  at?: Date | null;
}

const schema = new Schema<StoredPlace>(
  {
    _id: { type: String, required: true },
    holder: { type: String, required: true },
    until: { type: Date, required: true },
    token: Object,
    at: Date,
  },
  { collection: 'feed_places', versionKey: false, strict: 'throw' },
);

const PLACE = 'claim.state';

/** Longer than a publisher's longest pause and its slowest write to a broker together. */
const TURN_MS = 30_000;

/** How long an empty look at the change stream waits, in milliseconds. */
const LOOK_MS = 100;
const MOST_CHANGES = 500;

/** How often an idle place is noted down: the token must not fall off the end of the oplog. */
const NOTE_EVERY_MS = 5_000;

/** Writers' clocks differ; where claims are read again, so much earlier ones are as well. */
const CLOCKS_DIFFER_MS = 60_000;

/** Claims whose last published version is remembered. */
const MOST_KNOWN = 50_000;

/**
 * `ChangeStreamHistoryLost`, `ChangeStreamFatalError` and `InvalidResumeToken`: the oplog does not
 * reach back so far, or is another one, as after a restore.
 */
const HISTORY_LOST = [286, 280, 260];

const FIELDS = { eventId: 1, userId: 1, state: 1, reason: 1, version: 1, updatedAt: 1 } as const;
type Published = Pick<Claim, '_id' | keyof typeof FIELDS>;

/** A change as the stream tells it, cut down to what is published. */
interface StreamedChange {
  _id: unknown;
  operationType: 'insert' | 'update' | 'replace';
  documentKey: { _id: string };
  fullDocument?: Omit<Published, '_id'>;
  updateDescription?: { updatedFields?: Partial<Published> };
}

const under = (prefix: string) =>
  Object.fromEntries(Object.keys(FIELDS).map((field) => [`${prefix}.${field}`, 1]));

const PIPELINE = [
  { $match: { operationType: { $in: ['insert', 'update', 'replace'] } } },
  {
    $project: {
      operationType: 1,
      documentKey: 1,
      ...under('fullDocument'),
      ...under('updateDescription.updatedFields'),
    },
  },
];

type Stream = mongo.ChangeStream;

export function createClaimFeed(connection: Connection, turnMs: number = TURN_MS): ClaimFeed {
  const places = connection.model<StoredPlace>('FeedPlace', schema);
  const claims = connection.collection<Claim>('claims');
  const holder = randomUUID();
  const lasting = { $set: { holder, until: { $add: ['$$NOW', turnMs] } } };

  async function acquire(): Promise<StoredPlace | null> {
    const isFree = { $expr: { $or: [{ $eq: ['$holder', holder] }, { $lt: ['$until', '$$NOW'] }] } };
    // An upsert may not ask for what is computed, so the first of all makes the place before.
    const first = { $setOnInsert: { holder, until: new Date(0) } };
    await places.updateOne({ _id: PLACE }, first, { upsert: true });
    const options = { returnDocument: 'after', updatePipeline: true } as const;
    return await places
      .findOneAndUpdate({ _id: PLACE, ...isFree }, [lasting], options)
      .lean<StoredPlace>();
  }

  return {
    async takeTurn() {
      const askedAtMs = performance.now();
      const place = await acquire();
      return place && (await createTurn(place, askedAtMs + turnMs));
    },
  };

  async function createTurn(stored: StoredPlace, firstEndsAtMs: number): Promise<FeedTurn> {
    let endsAtMs = firstEndsAtMs;
    let notedAtMs = Number.NEGATIVE_INFINITY;
    let lastAt = stored.at ?? null;
    let stream: Stream | undefined;
    let rereading: mongo.FindCursor<Published> | undefined;
    const known = new Map<string, ClaimChange>();

    const watch = (from: object): Stream =>
      claims.watch(PIPELINE, { maxAwaitTimeMS: LOOK_MS, ...from });

    async function write(set: object): Promise<void> {
      const askedAtMs = performance.now();
      const update = [{ $set: { ...lasting.$set, ...set } }];
      const options = { updatePipeline: true };
      const { matchedCount } = await places.updateOne({ _id: PLACE, holder }, update, options);
      if (matchedCount === 0) {
        endsAtMs = Number.NEGATIVE_INFINITY;
        throw new TurnLost('another process publishes now');
      }
      endsAtMs = askedAtMs + turnMs;
    }

    /** Reads claims again, and the stream from before that on: what is known already is left out. */
    async function startOver(): Promise<void> {
      await stream?.close();
      known.clear();
      lastAt = stored.at ?? null;
      const { operationTime } = await connection.getClient().db('admin').command({ ping: 1 });
      stream = watch({ startAtOperationTime: operationTime });
      const since = new Date((lastAt?.getTime() ?? 0) - CLOCKS_DIFFER_MS);
      rereading = claims.find<Published>({ updatedAt: { $gte: since } }, { projection: FIELDS });
    }

    async function* reread(cursor: mongo.FindCursor<Published>): AsyncGenerator<ClaimChange> {
      for (let claim = await cursor.next(); claim; claim = await cursor.next()) {
        yield changeOf(claim);
      }
      rereading = undefined;
    }

    async function* streamed(from: Stream): AsyncGenerator<ClaimChange | null> {
      for (;;) {
        const change = (await from.tryNext()) as StreamedChange | null;
        if (!change) return;
        yield await readChange(change);
      }
    }

    /** What the change made of the claim; null where that is known, or nobody's business. */
    async function readChange({
      documentKey: { _id },
      fullDocument,
      updateDescription,
    }: StreamedChange): Promise<ClaimChange | null> {
      if (fullDocument) return changeOf({ ...fullDocument, _id });
      const { version, updatedAt, ...set } = updateDescription?.updatedFields ?? {};
      const before = known.get(_id) ?? (await current(_id));
      if (version === undefined || !before) return null;
      return { ...before, ...set, version, at: updatedAt ?? before.at };
    }

    /**
     * The claim as it is now, for what a change left as it was. After a restart that may be later
     * than the change: then the record tells a later state, and those in between follow.
     */
    async function current(claimId: string): Promise<ClaimChange | null> {
      const claim = await claims.findOne<Published>({ _id: claimId }, { projection: FIELDS });
      return claim && changeOf(claim);
    }

    function note(change: ClaimChange): boolean {
      const { claimId, version } = change;
      const last = known.get(claimId);
      if (last && last.version >= version) return false;
      known.delete(claimId);
      known.set(claimId, change);
      for (const [oldest] of known) {
        if (known.size <= MOST_KNOWN) break;
        known.delete(oldest);
      }
      if (!lastAt || change.at > lastAt) lastAt = change.at;
      return true;
    }

    async function collect(): Promise<{ changes: ClaimChange[]; place: FeedPlace }> {
      const source = rereading ? reread(rereading) : streamed(stream as Stream);
      const changes: ClaimChange[] = [];
      const untilMs = performance.now() + LOOK_MS;
      for await (const change of source) {
        if (change && note(change)) changes.push(change);
        if (changes.length >= MOST_CHANGES || performance.now() > untilMs) break;
      }
      const token = rereading ? null : (stream?.resumeToken ?? null);
      return { changes, place: { token, at: lastAt } };
    }

    if (stored.token) stream = watch({ startAfter: stored.token });
    else await startOver();
    return {
      async next() {
        try {
          return await collect();
        } catch (error) {
          if (!isAnswer(error, ...HISTORY_LOST)) throw error;
          await startOver();
          return await collect();
        }
      },
      keep: () => write({}),
      isOurs: () => performance.now() < endsAtMs,
      async remember({ token, at }) {
        const isDue = performance.now() - notedAtMs > NOTE_EVERY_MS;
        const isNew = at?.getTime() !== stored.at?.getTime();
        if (!isDue && !isNew) return;
        await write({
          ...(token !== null && { token: { $literal: token }, at: { $literal: at } }),
        });
        stored.at = at;
        notedAtMs = performance.now();
      },
      async end() {
        await stream?.close().catch(() => {});
        await rereading?.close().catch(() => {});
        await places.updateOne({ _id: PLACE, holder }, { $set: { until: new Date(0) } });
      },
    };
  }
}

function changeOf({ _id, updatedAt, ...fields }: Published): ClaimChange {
  const { eventId, userId, state, reason, version } = fields;
  return { claimId: _id, eventId, userId, state, reason, version, at: updatedAt };
}
