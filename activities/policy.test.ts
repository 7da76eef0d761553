import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Claim } from '../store/claims/claim-record.ts';
import { policyFor } from './advance.ts';
import type { ActivityDeps } from './deps.ts';

const POLICY = { timeoutMs: 10, maxAttempts: 3, initialIntervalMs: 1, pendingTimeoutMs: 100 };

/** The policy of a claim of that provider, whose condition asks those; the limited ones are given. */
function policyOf(provider: string, asked: string[], limited: string[]) {
  const isLimited = (name: string) => limited.includes(name);
  const callLimiter = { isLimited, longestWaitMs: 7 } as ActivityDeps['callLimiter'];
  const snapshot = { provider, condition: { providers: asked } } as Claim['snapshot'];
  return policyFor({ policy: POLICY, callLimiter }, { snapshot });
}

describe('the policy for a claim', () => {
  it('is the common one where no provider has a limit', () => {
    assert.deepEqual(policyOf('game', ['quests'], []), POLICY);
  });

  it('has the queue of a provider with a limit, and how long a call may wait in it', () => {
    const limited = { queue: 'laurel-fulfillment-game', waitMs: 7 };
    assert.deepEqual(policyOf('game', [], ['game']), { ...POLICY, limited });
  });

  it('has the queue of a limited provider that the condition asks alone', () => {
    const limitedCheck = { queue: 'laurel-fulfillment-quests', waitMs: 7 };
    assert.deepEqual(policyOf('mailbox', ['quests'], ['quests']), { ...POLICY, limitedCheck });
    assert.deepEqual(policyOf('mailbox', ['quests', 'guilds'], ['quests']), POLICY);
  });
});
