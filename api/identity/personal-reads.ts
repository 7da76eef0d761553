/**
 * Notes which of the staff looked at whose data, for the read log. Reads are written once a second,
 * all together, and not before the answer: a process that crashes loses a second of them.
 */
import type { Context } from 'hono';
import { routePath } from 'hono/route';
import type { Logger } from 'pino';
import { BoundedMap } from '../../domain/bounded-map.ts';
import { isStaff } from '../../domain/user.ts';
import { levelOf } from '../../store/mongodb/connection.ts';
import {
  entryOf,
  type PersonalRead,
  type ReadLogEntry,
  type ReadLogStore,
} from '../../store/privacy/read-log.ts';
import type { ApiEnv } from '../api-env.ts';

/** How long entries wait to be written together, in milliseconds. */
const WAIT_MS = 1_000;

/** Entries that wait at most; of more the oldest are lost. About 300 bytes each. */
const MOST_WAITING = 10_000;

/** Entries remembered as written, so that the reads of a minute are one write. */
const MOST_WRITTEN = 10_000;

export interface PersonalReads {
  /**
   * Notes that the caller is shown data of a user. Nothing is noted where that is the caller's own
   * data, or the caller is not of the staff.
   * @param userId whose data; undefined where it is not of one user
   */
  note(c: Context<ApiEnv>, userId: string | undefined): void;
  /** Writes what waits. */
  flush(): Promise<void>;
}

/** @param now our clock */
export function createPersonalReads({
  readLog,
  log,
  now,
}: {
  readLog: Pick<ReadLogStore, 'add'>;
  log: Logger;
  now: () => Date;
}): PersonalReads {
  const waiting = new Map<string, ReadLogEntry>();
  const written = new BoundedMap<string, true>(MOST_WRITTEN);
  let timer: NodeJS.Timeout | undefined;

  function add(read: PersonalRead): void {
    const entry = entryOf(read);
    if (written.has(entry._id) || waiting.has(entry._id)) return;
    waiting.set(entry._id, entry);
    bound();
    timer ??= setTimeout(() => void flush(), WAIT_MS).unref();
  }

  function bound(): void {
    const [oldest] = waiting.keys();
    if (waiting.size <= MOST_WAITING || oldest === undefined) return;
    waiting.delete(oldest);
    log.error('too many reads of personal data wait for the database: the oldest is lost');
  }

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const entries = [...waiting.values()];
    try {
      await readLog.add(entries);
    } catch (err) {
      log[levelOf(err)]({ err }, 'reads of personal data are not recorded yet');
      timer ??= setTimeout(() => void flush(), WAIT_MS).unref();
      return;
    }
    for (const { _id } of entries) {
      waiting.delete(_id);
      written.set(_id, true);
    }
  }

  return {
    note(c, userId) {
      const { userId: actorId, role } = c.get('user');
      if (userId === undefined || userId === actorId || !isStaff(role)) return;
      const requestId = c.get('requestId');
      const { address } = c.get('client');
      const route = `${c.req.method} ${routePath(c).replace(/:(\w+)/g, '{$1}')}`;
      add({ at: now(), actorId, actorRole: role, userId, route, requestId, from: address });
    },
    flush,
  };
}
