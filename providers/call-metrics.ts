/** Measures calls to providers, by provider, call and outcome. */
import { Gauge, Histogram, type Registry } from 'prom-client';
import { type FulfillmentProvider, ProviderError } from '../domain/claims/fulfillment.ts';
import type { GameDataProvider } from '../domain/conditions/game-data.ts';
import type { CallLimiter } from './call-limiter.ts';
import { TIMED_OUT } from './http-exchange.ts';

/** In seconds: from a server next door to a timeout longer than the default of ten seconds. */
const BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

type Call = 'grant' | 'look_up' | 'revoke' | 'metrics';

/**
 * The histogram of all calls. Wrap each provider, so that it is measured.
 * @param registry gets the histogram
 */
export function observeProviderCalls(registry: Registry) {
  const durations = new Histogram({
    name: 'laurel_provider_call_duration_seconds',
    help: 'Calls to providers, from the request to the answer or the lack of one.',
    labelNames: ['provider', 'call', 'outcome'],
    buckets: BUCKETS_S,
    registers: [registry],
  });

  async function timed<T>(
    provider: string,
    call: Call,
    ask: () => Promise<T>,
    outcomeOf: (answer: T) => string,
  ): Promise<T> {
    const end = durations.startTimer({ provider, call });
    try {
      const answer = await ask();
      end({ outcome: outcomeOf(answer) });
      return answer;
    } catch (error) {
      end({ outcome: outcomeOfError(error) });
      throw error;
    }
  }

  return {
    /** The same provider, measured. The outcome is the answer's state. */
    watch: (name: string, provider: FulfillmentProvider): FulfillmentProvider => ({
      grant: (request, withinMs) =>
        timed(name, 'grant', () => provider.grant(request, withinMs), stateOf),
      lookup: (grantId, withinMs) =>
        timed(name, 'look_up', () => provider.lookup(grantId, withinMs), stateOf),
      revoke: (grantId) => timed(name, 'revoke', () => provider.revoke(grantId), stateOf),
    }),
    /** The same source of game data, measured. The outcome of an answer is `ok`. */
    watchGameData: (name: string, provider: GameDataProvider): GameDataProvider => ({
      metrics: (userId, names) =>
        timed(
          name,
          'metrics',
          () => provider.metrics(userId, names),
          () => 'ok',
        ),
    }),
  };
}

const stateOf = ({ state }: { state: string }): string => state.toLowerCase();

/** `timeout`, `unavailable` or `unknown`; `failed` for what is no lack of an answer. */
function outcomeOfError(error: unknown): string {
  if (!(error instanceof ProviderError)) return 'failed';
  return error.why === TIMED_OUT ? 'timeout' : error.kind.toLowerCase();
}

/** The same limiter, with a gauge of the calls that wait for a slot. */
export function observeCallLimiter(registry: Registry, limiter: CallLimiter): CallLimiter {
  const waiting = new Gauge({
    name: 'laurel_provider_slots_waiting',
    help: "Calls of this process that wait for a slot in their provider's limit.",
    labelNames: ['provider'],
    registers: [registry],
  });
  return {
    ...limiter,
    async run(provider, call) {
      if (!limiter.isLimited(provider)) return await limiter.run(provider, call);
      let isWaiting = true;
      const leave = () => {
        if (isWaiting) waiting.dec({ provider });
        isWaiting = false;
      };
      waiting.inc({ provider });
      try {
        return await limiter.run(provider, async () => {
          leave();
          return await call();
        });
      } finally {
        leave();
      }
    },
  };
}
