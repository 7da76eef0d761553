/** The real product that is compared with the model: API, workers, simulator, mongod and Temporal. */
import type { ActivityDeps } from '../../activities/deps.ts';
import type { Passwords } from '../../api/identity/passwords.ts';
import type { FulfillmentProvider } from '../../domain/claims/fulfillment.ts';
import type { RuleInput } from '../../local/simulator/simulator-rules.ts';
import { type LaurelOptions, startLaurel } from '../../test/laurel.ts';
import { MAX_ATTEMPTS } from './game-faults.ts';
import { createGate } from './gate.ts';

/**
 * Timeout of one call to the game. Long, because on a busy machine a timeout would be a fault that no
 * plan has. Not longer, because an undoing may have to wait it out.
 */
const TIMEOUT_MS = 5_000;
/** Longer than any sequence: a pending grant stays pending until the game decides. */
const PENDING_TIMEOUT_MS = 3_600_000;
/** First pause between two attempts. Short, as a sequence has many retries. */
const BACKOFF_MS = 20;

/** Password checks without hashing: signing in is not what is tested here. */
const passwords: Passwords = {
  hash: async () => '-',
  async matches(_password, hash, attempt) {
    await attempt.before();
    await attempt.after(hash !== null);
    return hash !== null;
  },
};

export type System = Awaited<ReturnType<typeof startSystem>>;

/**
 * Starts one system for many sequences.
 * @param activities changes what activities are given; a test breaks the product with it
 */
export async function startSystem(activities?: LaurelOptions['activities']) {
  const rulesOf = new Map<string, RuleInput[]>();
  const faulty = withFaults(rulesOf, (rules) => laurel.game.rules.add(rules));
  const laurel = await startLaurel({
    policy: {
      FULFILLMENT_TIMEOUT_MS: TIMEOUT_MS,
      FULFILLMENT_MAX_ATTEMPTS: MAX_ATTEMPTS,
      FULFILLMENT_INITIAL_INTERVAL_MS: BACKOFF_MS,
      FULFILLMENT_PENDING_TIMEOUT_MS: PENDING_TIMEOUT_MS,
    },
    // Every claim gets its first try, so that the number of calls does not depend on the machine.
    firstTries: true,
    api: { passwords },
    activities: (deps) => faulty(activities?.(deps) ?? deps),
  });
  const [admin, operator] = await Promise.all([laurel.signIn('ADMIN'), laurel.signIn('OPERATOR')]);
  const gate = createGate();

  return {
    laurel,
    admin: admin.token,
    operator: operator.token,

    /** Sets the game's rules for a grant. They apply from the first call about it. */
    plan: (grantId: string, rules: RuleInput[]) => void rulesOf.set(grantId, rules),

    /** Runs work during which the workers must not be restarted. */
    undisturbed: gate.together,

    /**
     * Restarts the workers while every sequence is between two steps. A restart in a step would lose
     * an attempt, and the planned faults would not match the attempts.
     */
    restartWorkers: () =>
      gate.alone(async () => {
        await laurel.stopWorkers();
        await laurel.startWorkers();
      }),

    stop: () => laurel.stop(),
  };
}

/**
 * Adds a grant's rules to the game right before the first call about that grant. Added earlier, the
 * rules of a refused claim would apply to the next claim with the same key.
 */
function withFaults(rulesOf: Map<string, RuleInput[]>, addRules: (rules: RuleInput[]) => void) {
  const applyRules = (grantId: string) => {
    const rules = rulesOf.get(grantId);
    rulesOf.delete(grantId);
    if (rules) addRules(rules);
  };
  const wrapped = (provider: FulfillmentProvider): FulfillmentProvider => ({
    grant(request, withinMs) {
      applyRules(request.grantId);
      return provider.grant(request, withinMs);
    },
    lookup(grantId, withinMs) {
      applyRules(grantId);
      return provider.lookup(grantId, withinMs);
    },
    revoke(grantId) {
      applyRules(grantId);
      return provider.revoke(grantId);
    },
  });
  return (deps: ActivityDeps): ActivityDeps => ({
    ...deps,
    provider(name) {
      const provider = deps.provider(name);
      return provider && wrapped(provider);
    },
  });
}
