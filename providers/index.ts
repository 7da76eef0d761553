/** The providers an admin has set up in the configuration. */
import type { FulfillmentProvider } from '../domain/claims/fulfillment.ts';
import type { GameDataProvider } from '../domain/conditions/game-data.ts';
import { createGameData } from './game-data.ts';
import { createHttpProvider } from './http.ts';

type Settings = Record<string, { baseUrl: string; secret: string }>;

/**
 * One HTTP provider for each name in `PROVIDERS`.
 * @param limits.timeoutMs one call's limit in milliseconds
 * @returns a map by name; a caller adds the built-in ones
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

/** The same servers as sources of game data, by name. @param limits.timeoutMs one call's limit */
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
