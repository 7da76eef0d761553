import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DomainError } from '../../domain/errors.ts';
import { createLongRequests } from './long-requests.ts';

const BOUNDS = { most: 5, mostOfAddress: 3, mostOfUser: 2 };

/** The code of the refusal; null if there was a place. */
function codeOf(begin: () => unknown): string | null {
  try {
    begin();
    return null;
  } catch (error) {
    assert.ok(error instanceof DomainError && error.retryAfterS !== undefined);
    return error.code;
  }
}

describe('streams and waits', () => {
  it('are bounded for a user, for an address and for the process', () => {
    const long = createLongRequests(BOUNDS);
    const at = (userId: string, address: string) => codeOf(() => long.begin({ userId, address }));
    assert.deepEqual([at('a', '1'), at('a', '2'), at('a', '3')], [null, null, 'rate_limited']);
    assert.deepEqual([at('b', '1'), at('c', '1'), at('d', '1')], [null, null, 'rate_limited']);
    assert.deepEqual([at('d', '2'), at('e', '3')], [null, 'unavailable']);
    assert.equal(long.open(), 5);
  });

  it('of nobody knows whom are bounded for a user and for the process', () => {
    const long = createLongRequests(BOUNDS);
    const at = (userId: string) => codeOf(() => long.begin({ userId, address: undefined }));
    assert.deepEqual([...'aabbc'].map(at), Array(5).fill(null));
    assert.deepEqual([at('d')], ['unavailable']);
  });

  it('give way to a newer one of their user where they can be ended', () => {
    const long = createLongRequests({ ...BOUNDS, mostOfAddress: 5 });
    const ended: string[] = [];
    const stream = (name: string, userId = 'a', address = '1') => {
      const end = long.begin({ userId, address }, () => {
        ended.push(name);
        end();
      });
      return end;
    };
    long.begin({ userId: 'a', address: '1' });
    stream('of another', 'b');
    stream('first');
    const end = stream('second');
    assert.deepEqual([ended, long.open()], [['first'], 3]);
    // A wait cannot be ended, and ends no other request.
    assert.equal(
      codeOf(() => long.begin({ userId: 'a', address: '1' })),
      'rate_limited',
    );
    end();
    long.begin({ userId: 'a', address: '1' });
    assert.equal(
      codeOf(() => stream('third')),
      'rate_limited',
    );
    assert.deepEqual([ended, long.open()], [['first'], 3]);
  });

  it('end none of their user where there is no room besides', () => {
    const long = createLongRequests({ ...BOUNDS, mostOfUser: 1, mostOfAddress: 2 });
    const cut = () => assert.fail('it was ended');
    long.begin({ userId: 'a', address: '1' }, cut);
    long.begin({ userId: 'b', address: '2' });
    long.begin({ userId: 'c', address: '2' });
    assert.equal(
      codeOf(() => long.begin({ userId: 'a', address: '2' }, cut)),
      'rate_limited',
    );
  });

  it('never go past a bound, and whoever ends leaves room, whatever the order', () => {
    const who = fc.record({
      userId: fc.constantFrom('a', 'b', 'c'),
      address: fc.constantFrom('1', '2'),
    });
    // As many ends as beginnings, and enough of both to reach every limit.
    const step = fc.record({ who, ends: fc.option(fc.nat(9), { freq: 2 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
        const long = createLongRequests(BOUNDS);
        const open: { userId: string; address: string; end: () => void }[] = [];
        for (const { who, ends } of steps) {
          if (ends !== null) {
            const [over] = open.splice(ends % Math.max(1, open.length), 1);
            // Ending twice has no effect.
            for (let n = 0; n < 2; n++) over?.end();
            continue;
          }
          const has = (key: 'userId' | 'address') => open.filter((o) => o[key] === who[key]).length;
          const isRoom =
            open.length < BOUNDS.most &&
            has('userId') < BOUNDS.mostOfUser &&
            has('address') < BOUNDS.mostOfAddress;
          const code = codeOf(() => open.push({ ...who, end: long.begin(who) }));
          assert.equal(code === null, isRoom);
          assert.equal(long.open(), open.length);
        }
      }),
    );
  });
});
