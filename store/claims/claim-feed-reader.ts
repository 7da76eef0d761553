/**
 * Reads every change of every claim from MongoDB's change stream. Where the stream cannot go back
 * far enough, it reads the claims themselves again.
 */
import type { Connection, mongo } from 'mongoose';
import { BoundedMap } from '../../domain/bounded-map.ts';
import { isAnswer } from '../mongodb/connection.ts';
import type { Claim } from './claim-record.ts';

/** A claim as one change left it. */
export interface ClaimChange
  extends Pick<Claim, 'eventId' | 'userId' | 'state' | 'reason' | 'version'> {
  claimId: string;
  at: Date;
}

/** A position in the feed. Reading goes on behind it. */
export interface FeedPlace {
  /** The change stream's resume token; null while claims are read again from the start. */
  token: unknown;
  /** When the last change was made; null where there was none. */
  at: Date | null;
}

/** Some changes, and the position behind them. */
export interface FeedPage {
  changes: ClaimChange[];
  place: FeedPlace;
}

/** How long one read waits for changes, in milliseconds: a publisher must not wait long to stop. */
const LOOK_MS = 100;

/** Changes of one page: they are sent to the broker together. */
const MOST_CHANGES = 500;

/** How much earlier claims are read again, in milliseconds: the clocks of the writers differ. */
const CLOCKS_DIFFER_MS = 60_000;

/** Claims whose last version is remembered, to leave out repetitions; about 200 bytes each. */
const MOST_KNOWN = 50_000;

/**
 * MongoDB's `ChangeStreamHistoryLost`, `ChangeStreamFatalError` and `InvalidResumeToken`: the oplog
 * does not go back to the token, or it is another oplog, as after a restore.
 */
const HISTORY_LOST = [286, 280, 260];

const FIELDS = { eventId: 1, userId: 1, state: 1, reason: 1, version: 1, updatedAt: 1 } as const;
type Published = Pick<Claim, '_id' | keyof typeof FIELDS>;

/** A change as the stream has it, reduced to the published fields. */
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

/**
 * Begins to read behind `from`; without a token it reads the claims changed since `from.at`.
 * @param from kept by reference: what it holds when history is lost is where reading starts over
 */
export async function openFeedReader(connection: Connection, from: Readonly<Partial<FeedPlace>>) {
  const claims = connection.collection<Claim>('claims');
  const known = new BoundedMap<string, ClaimChange>(MOST_KNOWN);
  let lastAt = from.at ?? null;
  let stream: mongo.ChangeStream | undefined;
  let rereading: mongo.FindCursor<Published> | undefined;

  const watch = (start: object): mongo.ChangeStream =>
    claims.watch(PIPELINE, { maxAwaitTimeMS: LOOK_MS, ...start });

  /** Opens the stream first and then reads the claims, so that no change in between is missed. */
  async function startOver(): Promise<void> {
    await stream?.close();
    known.clear();
    lastAt = from.at ?? null;
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

  async function* streamed(source: mongo.ChangeStream): AsyncGenerator<ClaimChange | null> {
    for (;;) {
      const change = (await source.tryNext()) as StreamedChange | null;
      if (!change) return;
      yield await readChange(change);
    }
  }

  /** The claim after the change; null where the claim is gone or its version did not change. */
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
   * The claim as it is now, for the fields that a change left alone. After a restart this may be
   * newer than the change. Then a later state is published first, and those in between follow.
   */
  async function current(claimId: string): Promise<ClaimChange | null> {
    const claim = await claims.findOne<Published>({ _id: claimId }, { projection: FIELDS });
    return claim && changeOf(claim);
  }

  /** Remembers the change. False where that version, or a later one, was seen before. */
  function remember(change: ClaimChange): boolean {
    const last = known.get(change.claimId);
    if (last && last.version >= change.version) return false;
    known.set(change.claimId, change);
    if (!lastAt || change.at > lastAt) lastAt = change.at;
    return true;
  }

  async function collect(): Promise<FeedPage> {
    const source = rereading ? reread(rereading) : streamed(stream as mongo.ChangeStream);
    const changes: ClaimChange[] = [];
    const untilMs = performance.now() + LOOK_MS;
    for await (const change of source) {
      if (change && remember(change)) changes.push(change);
      if (changes.length >= MOST_CHANGES || performance.now() > untilMs) break;
    }
    const token = rereading ? null : (stream?.resumeToken ?? null);
    return { changes, place: { token, at: lastAt } };
  }

  if (from.token) stream = watch({ startAfter: from.token });
  else await startOver();
  return {
    /** The next changes: at most 500, or none after a moment. A change may come more than once. */
    async next(): Promise<FeedPage> {
      try {
        return await collect();
      } catch (error) {
        if (!isAnswer(error, ...HISTORY_LOST)) throw error;
        await startOver();
        return await collect();
      }
    },
    async close(): Promise<void> {
      await stream?.close().catch(() => {});
      await rereading?.close().catch(() => {});
    },
  };
}

function changeOf({ _id, updatedAt, ...fields }: Published): ClaimChange {
  const { eventId, userId, state, reason, version } = fields;
  return { claimId: _id, eventId, userId, state, reason, version, at: updatedAt };
}
