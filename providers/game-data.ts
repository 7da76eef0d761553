/** Reads a player's numbers from a game's server: one request for all metrics of a condition. */
import { randomUUID } from 'node:crypto';
import { ProviderError } from '../domain/claims/fulfillment.ts';
import type { GameData, GameDataProvider } from '../domain/conditions/game-data.ts';
import { createAgent, type Exchange, exchange } from './http-exchange.ts';
import { isObject, objectIn } from './json-answer.ts';
import { retryAfterMs } from './retry-after.ts';
import { sign } from './webhook-signature.ts';

export interface GameDataOptions {
  /** The provider's name in the configuration, for error messages. */
  name: string;
  /** The address that `/players/…` is appended to; `http` or `https`. */
  baseUrl: string;
  /** The secret that signs every request, as `whsec_…`. */
  secret: string;
  /** The limit of one call, in milliseconds, from connecting to the answer's last byte. */
  timeoutMs: number;
  /** Our clock, in milliseconds since the epoch. */
  now?: () => number;
}

/**
 * The game data at `baseUrl`. Each call makes one request. Only a 200 with numbers is an answer: a
 * refusal means a wrong secret or address, not a player without any metrics.
 * @throws ProviderError (from `metrics`) `UNAVAILABLE` for any other answer
 * @throws TypeError (from `metrics`) where the secret has not the form `whsec_…`
 */
export function createGameData(options: GameDataOptions): GameDataProvider {
  const now = options.now ?? Date.now;
  const players = `${options.baseUrl.replace(/\/+$/, '')}/players`;
  const agent = createAgent(new URL(players));

  return {
    async metrics(userId, names) {
      const list = names.map(encodeURIComponent).join(',');
      const answer = await exchange({
        url: new URL(`${players}/${encodeURIComponent(userId)}/metrics?names=${list}`),
        method: 'GET',
        headers: headersOf(options.secret, now()),
        body: '',
        agent,
        timeoutMs: options.timeoutMs,
      });
      return dataIn(answer, names) ?? raise(unavailable(options.name, answer, now()));
    },
  };
}

/** Each request has a new message ID: a receiver that drops repeats would give an old answer. */
function headersOf(secret: string, nowMs: number): Record<string, string> {
  const id = `metrics_${randomUUID()}`;
  return {
    accept: 'application/json',
    'accept-encoding': 'identity',
    'user-agent': 'laurel',
    'content-length': '0',
    ...sign({ secret, id, timestampS: Math.floor(nowMs / 1000), body: '' }),
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
    return new ProviderError('UNAVAILABLE', `${name}: no metrics (${answer.why})`);
  }
  return new ProviderError(
    'UNAVAILABLE',
    `${name}: asked for metrics, it answered ${answer.status} without any`,
    retryAfterMs(answer.headers['retry-after'], nowMs),
  );
}

function raise(error: Error): never {
  throw error;
}
