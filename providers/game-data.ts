/** Reads a player's numbers from a game's server: one request for all metrics of a condition. */
import { randomUUID } from 'node:crypto';
import { ProviderError } from '../domain/claims/fulfillment.ts';
import type { GameData, GameDataProvider } from '../domain/conditions/game-data.ts';
import {
  createCaller,
  type Exchange,
  type GameServer,
  isObject,
  objectIn,
} from './http-exchange.ts';
import { retryAfterMs } from './retry-after.ts';

/**
 * The game data at `baseUrl`. Each call makes one request. Only a 200 with numbers is an answer: a
 * refusal means a wrong secret or address, not a player without any metrics.
 * @throws ProviderError (from `metrics`) `UNAVAILABLE` for any other answer
 * @throws TypeError (from `metrics`) where the secret has not the form `whsec_…`
 */
export function createGameData(server: GameServer): GameDataProvider {
  const { name, now = Date.now } = server;
  const call = createCaller(server);
  return {
    async metrics({ userId, externalId }, names) {
      const list = names.map(encodeURIComponent).join(',');
      const also = externalId === null ? '' : `&externalId=${encodeURIComponent(externalId)}`;
      const answer = await call({
        method: 'GET',
        path: `/players/${encodeURIComponent(userId)}/metrics?names=${list}${also}`,
        pathTemplate: '/players/{userId}/metrics',
        // New for each request: a receiver that drops repeats would give an old answer.
        messageId: `metrics_${randomUUID()}`,
      });
      const data = dataIn(answer, names);
      if (data === null) throw unavailable(name, answer, now());
      return data;
    },
  };
}

/** The metrics asked for; null where the answer has none, or one of them is not a number. */
function dataIn(answer: Exchange, names: readonly string[]): GameData | null {
  if (answer.kind !== 'ANSWERED' || answer.status !== 200) return null;
  const metrics = objectIn(answer)?.metrics;
  if (!isObject(metrics)) return null;
  const known = names.filter((name) => Object.hasOwn(metrics, name) && metrics[name] !== null);
  const numbers = known.map((name) => [name, metrics[name]] as const);
  return numbers.every(isNumbered) ? new Map(numbers) : null;
}

function isNumbered(entry: readonly [string, unknown]): entry is readonly [string, number] {
  return Number.isFinite(entry[1]);
}

function unavailable(name: string, answer: Exchange, nowMs: number): ProviderError {
  if (answer.kind !== 'ANSWERED') {
    const { why } = answer;
    return new ProviderError('UNAVAILABLE', `${name}: no metrics (${why})`, undefined, why);
  }
  return new ProviderError(
    'UNAVAILABLE',
    `${name}: asked for metrics, it answered ${answer.status} without any`,
    retryAfterMs(answer.headers['retry-after'], nowMs),
  );
}
