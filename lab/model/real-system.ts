/** The real product as the model's rival: API, workers, simulator, mongod and Temporal. */
import type { ActivityDeps } from '../../activities/deps.ts';
import type { Passwords } from '../../api/identity/passwords.ts';
import type { FulfillmentProvider } from '../../domain/claims/fulfillment.ts';
import type { RuleInput } from '../../local/simulator/simulator-rules.ts';
import { type LaurelOptions, startLaurel } from '../../test/laurel.ts';
import { MAX_ATTEMPTS } from './game-faults.ts';
import { createGate } from './gate.ts';

/**
 * One call's limit. Long enough for a machine with more to do than it can, as a timeout is a fault
 * that no plan tells of; an undoing may wait it out, so not longer either.
 */
const TIMEOUT_MS = 5_000;
/** Longer than any sequence: what is left pending stays so until the game decides. */
const PENDING_TIMEOUT_MS = 3_600_000;
const BACKOFF_MS = 20;

/** Signing in costs nothing here: there is no password to guess. */
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
 * Starts one for many sequences. `activities` changes what activities are given, as a test does to
 * break the product.
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
    // What a fault is used up by must not hang on how quick the machine is.
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

    /** How the game is to misbehave about a grant, from the first that it hears of it. */
    plan: (grantId: string, rules: RuleInput[]) => void rulesOf.set(grantId, rules),

    /** What the workers are needed for from beginning to end. */
    undisturbed: gate.together,

    /**
     * Stops the workers and starts them anew while every sequence stands between two steps: an
     * attempt that was under way would be lost, and so tried once less often than planned.
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
 * Tells the game of a grant's faults right before its first call about it. Told any earlier, those
 * of a claim that was refused would lie in wait for the next claim under the same key.
 */
function withFaults(rulesOf: Map<string, RuleInput[]>, tell: (rules: RuleInput[]) => void) {
  const telling = (grantId: string) => {
    const rules = rulesOf.get(grantId);
    rulesOf.delete(grantId);
    if (rules) tell(rules);
  };
  const wrapped = (provider: FulfillmentProvider): FulfillmentProvider => ({
    grant(request, withinMs) {
      telling(request.grantId);
      return provider.grant(request, withinMs);
    },
    lookup(grantId, withinMs) {
      telling(grantId);
      return provider.lookup(grantId, withinMs);
    },
    revoke(grantId) {
      telling(grantId);
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
