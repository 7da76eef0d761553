/** How one request of `growth-calls.ts` is asked. */
import type { Player } from './players.ts';

/** A small page, so that documents that are read beyond it show. */
export const LIMIT = 'limit=5';

/** One request: who sends it, and what is expected. */
export interface Ask {
  /** The caller. None for public routes. */
  by?: Player;
  body?: unknown;
  headers?: Record<string, string>;
  /** The expected status. Any success unless given. */
  status?: number;
  /** Most documents that it may look at, if no index serves its whole filter. */
  lookedAt?: number;
}

/**
 * Sends one request and measures its queries.
 * @param route as the API's description names it, such as `GET /api/events/{eventId}`
 * @param parts the values for each `{…}` in the path
 * @param query the query with its question mark; may be empty
 */
export type Call = (
  route: string,
  parts: string[],
  query: string,
  ask: Ask,
) => Promise<{ body: Record<string, unknown> }>;

/** The route's method, and its path with the parts filled in. */
export function filled(route: string, parts: string[]): [method: string, path: string] {
  const [method = '', pattern = ''] = route.split(' ');
  return [method, parts.reduce((path, part) => path.replace(/\{\w+\}/, part), pattern)];
}
