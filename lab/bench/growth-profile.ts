/** What MongoDB had to look at for each query, by its own profiler. */
import type { Connection, mongo } from 'mongoose';

/** One query or write, as the profiler saw it. */
export interface Seen {
  /** `{operation} {collection}`, such as `find claims`. */
  what: string;
  /** `IXSCAN { userId: 1 }`, `IDHACK`, `COLLSCAN`, …; as the server words it. */
  plan: string;
  keys: number;
  docs: number;
  /** Documents that were answered, changed or deleted. */
  returned: number;
}

/** The server's `system.profile`, as far as it is looked at. */
interface Entry {
  op: string;
  ns: string;
  command?: Record<string, unknown>;
  originatingCommand?: { pipeline?: object[] };
  planSummary?: string;
  keysExamined?: number;
  docsExamined?: number;
  nreturned?: number;
  nMatched?: number;
  ndeleted?: number;
  appName?: string;
}

/** Room for all that a run of every route asks, and for what goes on besides. */
const PROFILE_BYTES = 256 * 1024 * 1024;

/** What was under way may be noted down, and so make the collection, right after it was dropped. */
const TRIES = 10;

export interface Profile {
  /** What was asked since the last time, but for change streams. */
  take(): Promise<Seen[]>;
  stop(): Promise<void>;
}

/** Begins to see what the program of that name asks of the database. */
export async function startProfile(database: Connection, appName: string): Promise<Profile> {
  const db = database.getClient().db(database.name);
  await db.command({ profile: 0 });
  await makeRoom(db);
  await db.command({ profile: 2 });
  const profile = db.collection<Entry>('system.profile');
  let taken = 0;
  return {
    async take() {
      const entries = await profile.find({ appName }).sort({ $natural: 1 }).skip(taken).toArray();
      taken += entries.length;
      return entries.filter(isQuery).map(toSeen);
    },
    async stop() {
      await db.command({ profile: 0 });
    },
  };
}

async function makeRoom(db: mongo.Db): Promise<void> {
  const name = 'system.profile';
  for (let tries = 1; ; tries++) {
    await db.dropCollection(name).catch(() => {});
    try {
      await db.createCollection(name, { capped: true, size: PROFILE_BYTES });
      return;
    } catch (error) {
      if (tries === TRIES) throw error;
    }
  }
}

/** Inserts look at nothing; change streams read the oplog, once for all who wait. */
function isQuery({ planSummary, command, originatingCommand, ns }: Entry): boolean {
  const pipeline = (originatingCommand?.pipeline ?? command?.pipeline ?? []) as object[];
  const isStream = pipeline.some((stage) => '$changeStream' in stage);
  return planSummary !== undefined && !isStream && !ns.endsWith('.system.profile');
}

function toSeen(entry: Entry): Seen {
  const { op, ns, command = {}, planSummary = '' } = entry;
  const name = op === 'command' || op === 'query' ? (Object.keys(command)[0] ?? op) : op;
  return {
    what: `${name} ${ns.slice(ns.indexOf('.') + 1)}`,
    plan: planSummary,
    keys: entry.keysExamined ?? 0,
    docs: entry.docsExamined ?? 0,
    returned: (entry.nreturned ?? 0) + (entry.nMatched ?? 0) + (entry.ndeleted ?? 0),
  };
}
