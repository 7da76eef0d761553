/** Makes the providers that the configuration names. */
import type { FulfillmentProvider } from '../domain/claims/fulfillment.ts';
import type { GameDataProvider } from '../domain/conditions/game-data.ts';
import { createGameData } from './game-data.ts';
import { createHttpProvider } from './http.ts';

type Settings = Record<string, { baseUrl: string; secret: string }>;

/**
 * Makes one HTTP provider for each name in `PROVIDERS`.
 * @param limits.timeoutMs the limit of one call, in milliseconds
 * @returns a map by name; the caller adds the built-in providers
 */
export function createProviders(
  settings: Settings,
  limits: { timeoutMs: number; now?: () => number },
): Map<string, FulfillmentProvider> {
  return new Map(
    Object.entries(settings).map(([name, { baseUrl, secret }]) => [
      name,
      createHttpProvider({ name, baseUrl, secret, ...limits }),
    ]),
  );
}

/**
 * Makes a source of game data for each name in `PROVIDERS`.
 * @param limits.timeoutMs the limit of one call, in milliseconds
 * @returns a map by name
 */
export function createGameDataProviders(
  settings: Settings,
  limits: { timeoutMs: number; now?: () => number },
): Map<string, GameDataProvider> {
  return new Map(
    Object.entries(settings).map(([name, { baseUrl, secret }]) => [
      name,
      createGameData({ name, baseUrl, secret, ...limits }),
    ]),
  );
}
