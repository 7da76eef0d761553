/** Which calls go to Temporal's front end, counted. */
import type { Laurel } from './laurel.ts';

/**
 * Counts each call from now on over the client that the API and reconciliation share.
 * @returns how many there were, by the call's name; it goes on counting
 */
export function countCalls(laurel: Pick<Laurel, 'client'>): Map<string, number> {
  const calls = new Map<string, number>();
  const { workflowService } = laurel.client.connection;
  for (const [name, call] of Object.entries(workflowService)) {
    if (typeof call !== 'function') continue;
    const counted = (...args: unknown[]): unknown => {
      calls.set(name, (calls.get(name) ?? 0) + 1);
      return call(...args);
    };
    Object.assign(workflowService, { [name]: counted });
  }
  return calls;
}

/** Whether a call of that name asks Temporal's visibility store. */
export const isVisibility = (name: string): boolean => /^(list|count|scan).*Workflow/.test(name);
