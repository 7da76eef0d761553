/** A game's own numbers about a player, behind HTTP: one question for all the names a condition asks. */
import { randomUUID } from 'node:crypto';
import { ProviderError } from '../domain/claims/fulfillment.ts';
import type { GameData, GameDataProvider } from '../domain/conditions/game-data.ts';
import { createAgent, type Exchange, exchange } from './http-exchange.ts';
import { isObject, objectIn } from './json-answer.ts';
import { retryAfterMs } from './retry-after.ts';
import { sign } from './webhook-signature.ts';

interface GameDataOptions {
  /** The provider's name in the configuration; it stands in error messages. */
  name: string;
  /** Where `/players/…` is appended; `http` or `https`. */
  baseUrl: string;
  /** `whsec_…`; signs every request. */
  secret: string;
  /** One call's limit in milliseconds, from connecting to the answer's last byte. */
  timeoutMs: number;
  /** Our clock, in milliseconds since the epoch. */
  now?: () => number;
}

/**
 * The game data at `baseUrl`. Makes one request, and takes nothing but a 200 with numbers for an
 * answer: a refusal tells of a wrong secret or address, not of a player who has done nothing.
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

/** A question is a new message each time: dropped as a repeat, its answer would be an old one. */
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

/** The numbers asked for; null where the answer is none, or one of them is no number. */
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
