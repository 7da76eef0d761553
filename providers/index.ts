/** Makes the providers that the configuration names. */
import { createGameData } from './game-data.ts';
import { createHttpProvider } from './http.ts';
import type { GameServer } from './http-exchange.ts';

type Settings = Record<string, { baseUrl: string; secret: string }>;
type Limits = Pick<GameServer, 'timeoutMs' | 'now'>;

const eachOf = <T>(settings: Settings, limits: Limits, create: (server: GameServer) => T) =>
  new Map(
    Object.entries(settings).map(([name, { baseUrl, secret }]) => [
      name,
      create({ name, baseUrl, secret, ...limits }),
    ]),
  );

/**
 * Makes one HTTP provider for each name in `PROVIDERS`.
 * @param limits.timeoutMs the limit of one call, in milliseconds
 * @returns a map by name; the caller adds the built-in providers
 */
export const createProviders = (settings: Settings, limits: Limits) =>
  eachOf(settings, limits, createHttpProvider);

/**
 * Makes a source of game data for each name in `PROVIDERS`.
 * @param limits.timeoutMs the limit of one call, in milliseconds
 * @returns a map by name
 */
export const createGameDataProviders = (settings: Settings, limits: Limits) =>
  eachOf(settings, limits, createGameData);
