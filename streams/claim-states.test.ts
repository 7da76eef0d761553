import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClaimFeed, FeedLease } from '../store/claims/claim-feed.ts';
import { publishClaimStates } from './claim-states.ts';

describe('publishing', () => {
  it('keeps its turn while the next change is looked for, however long that takes', async () => {
    const stopping = new AbortController();
    const kept = Promise.withResolvers<void>();
    let times = 0;
    let isOver = false;
    const lease: FeedLease = {
      async next() {
        await kept.promise;
        stopping.abort();
        return { changes: [], place: { token: 1, at: null } };
      },
      async keep() {
        assert.ok(!isOver, 'nobody keeps a turn that was given away');
        times += 1;
        if (times === 3) kept.resolve();
      },
      isOurs: () => true,
      remember: async () => {},
      async end() {
        isOver = true;
      },
    };
    const feed: ClaimFeed = { takeLease: async () => lease };
    await publishClaimStates({
      feed,
      outlet: { send: async () => {}, close: async () => {} },
      topic: 'claim.state',
      signal: stopping.signal,
      onFailure: (error) => assert.equal((error as Error).name, 'AbortError'),
      onBegun: () => {},
      keepEveryMs: 1,
    });
    assert.ok(isOver && times >= 3);
  });
});
