/** What MongoDB looked at for each query, by its own profiler. */
import type { Connection, mongo } from 'mongoose';

/** One query or write in the profile. */
export interface Seen {
  /** `{operation} {collection}`, such as `find claims`. */
  what: string;
  /** The server's plan summary: `IXSCAN { userId: 1 }`, `IDHACK`, `COLLSCAN`, … */
  plan: string;
  /** Index keys looked at. */
  keys: number;
  /** Documents looked at. */
  docs: number;
  /** Documents returned, changed or deleted. */
  returned: number;
}

/** An entry of `system.profile`: the fields that are read here. */
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

/** Size of the profile: enough for a request to every route and for background work. */
const PROFILE_BYTES = 256 * 1024 * 1024;

/** Tries to create the profile: a query under way may create it right after it was dropped. */
const TRIES = 10;

export interface Profile {
  /** The queries since the last call, without change streams. */
  take(): Promise<Seen[]>;
  stop(): Promise<void>;
}

/** Starts to profile the queries of clients with this `appName`. */
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

/** Whether to count an entry. Inserts look at nothing, and change streams read only the oplog. */
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
