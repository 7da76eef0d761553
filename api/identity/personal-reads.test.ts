import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hono } from 'hono';
import { pino } from 'pino';
import type { Role } from '../../domain/user.ts';
import type { ReadLogEntry } from '../../store/privacy/read-log.ts';
import type { ApiEnv } from '../api-env.ts';
import { createPersonalReads } from './personal-reads.ts';

const AT = new Date('2026-11-26T12:00:30Z');

/** A process whose database may be away, and one of the staff who reads somebody's data. */
function processWith(database: { isAway: boolean }) {
  const written: ReadLogEntry[][] = [];
  const add = async (entries: readonly ReadLogEntry[]) => {
    if (database.isAway) throw new Error('away');
    written.push([...entries]);
  };
  const clock = { now: AT };
  const log = pino({ level: 'silent' });
  const reads = createPersonalReads({ readLog: { add }, log, now: () => clock.now });
  const app = new Hono<ApiEnv>().get('/users/:userId/:role', (c) => {
    const { userId, role } = c.req.param();
    c.set('user', { userId: 'usr_s', username: 's', role: role as Role, status: 'ACTIVE' });
    c.set('client', { address: '192.0.2.1', isProxy: false, scheme: 'https' });
    c.set('requestId', 'req_1');
    reads.note(c, userId);
    return c.text('');
  });
  const read = (userId: string, role: Role = 'SUPPORT') => app.request(`/users/${userId}/${role}`);
  return { reads, read, written, clock };
}

test('reads of one person by one route in a minute are one entry', async () => {
  const { reads, read, written, clock } = processWith({ isAway: false });
  for (let n = 0; n < 3; n++) await read('usr_1');
  await reads.flush();
  await read('usr_1');
  await reads.flush();
  clock.now = new Date(AT.getTime() + 60_000);
  await read('usr_1');
  await reads.flush();
  assert.deepEqual(
    written.flat().map(({ _id, at, actorId, from }) => ({ _id, at, actorId, from })),
    [AT, clock.now].map((at) => ({
      _id: `${Math.floor(at.getTime() / 60_000)} usr_s usr_1 GET /users/{userId}/{role}`,
      at,
      actorId: 'usr_s',
      from: '192.0.2.1',
    })),
  );
});

test('reads of oneself, and of those who are not staff, are not entered', async () => {
  const { reads, read, written } = processWith({ isAway: false });
  await read('usr_s');
  await read('usr_1', 'PLAYER');
  await read('usr_1', 'GAME_SERVER');
  await reads.flush();
  assert.deepEqual(written.flat(), []);
});

test('reads that the database does not take are written when it is back', async () => {
  const database = { isAway: true };
  const { reads, read, written } = processWith(database);
  await read('usr_1');
  await reads.flush();
  await read('usr_2');
  database.isAway = false;
  await reads.flush();
  assert.deepEqual(
    written.flat().map(({ userId }) => userId),
    ['usr_1', 'usr_2'],
  );
});
