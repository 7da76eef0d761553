/** The providers an admin has set up in the configuration. */
import type { FulfillmentProvider } from '../domain/fulfillment.ts';
import { createHttpProvider } from './http.ts';

/**
 * One HTTP provider for each name in `PROVIDERS`.
 * @param limits.timeoutMs one call's limit in milliseconds
 * @returns a map by name; a caller adds the built-in ones
 */
export function createProviders(
  settings: Record<string, { baseUrl: string; secret: string }>,
  limits: { timeoutMs: number; now?: () => number },
): Map<string, FulfillmentProvider> {
  return new Map(
    Object.entries(settings).map(([name, { baseUrl, secret }]) => [
      name,
      createHttpProvider({ name, baseUrl, secret, ...limits }),
    ]),
  );
}
