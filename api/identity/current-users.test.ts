import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { User } from '../../store/users/users.ts';
import { type CurrentUsers, createCurrentUsers } from './current-users.ts';

let nowMs = 0;
let reads: string[] = [];
let answer: (userId: string) => Promise<User | null>;
let users: CurrentUsers;
beforeEach(() => {
  reads = [];
  answer = async (userId) => ({ userId }) as User;
  users = createCurrentUsers(
    (userId) => {
      reads.push(userId);
      return answer(userId);
    },
    () => nowMs,
  );
});

describe('the users of the moment', () => {
  it('are read once for all who ask within half a second', async () => {
    await Promise.all([users.get('a'), users.get('a'), users.get('b')]);
    nowMs += 499;
    await users.get('a');
    assert.deepEqual(reads, ['a', 'b']);
  });

  it('are read again after it, counted from when the read began', async () => {
    const slow = Promise.withResolvers<User | null>();
    answer = () => slow.promise;
    const first = users.get('a');
    nowMs += 500;
    users.get('a');
    slow.resolve(null);
    await first;
    assert.deepEqual(reads, ['a', 'a']);
  });

  it('are read again where a younger look is asked for than there is', async () => {
    await users.get('a');
    nowMs += 24;
    await users.get('a', 25);
    assert.deepEqual(reads, ['a']);
    nowMs += 1;
    await users.get('a', 25);
    assert.deepEqual(reads, ['a', 'a']);
  });

  it('are read again at once when forgotten', async () => {
    await users.get('a');
    users.forget('a');
    await users.get('a');
    assert.deepEqual(reads, ['a', 'a']);
  });

  it('do not include a failure', async () => {
    answer = async () => {
      throw new Error('away');
    };
    await assert.rejects(users.get('a'), /away/);
    answer = async () => null;
    assert.equal(await users.get('a'), null);
  });

  it('are ten thousand at most', async () => {
    for (let n = 0; n <= 10_000; n += 1) await users.get(`user-${n}`);
    reads = [];
    await users.get('user-1');
    await users.get('user-0');
    assert.deepEqual(reads, ['user-0']);
  });
});
