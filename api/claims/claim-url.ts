/** The addresses under `/api/event-claims`, for the routes, the door and the links in answers. */
import type { IncomingMessage } from 'node:http';

/** The collection: its list, and bulk actions by verb. */
export const CLAIMS_URL = '/api/event-claims';

/** Where a claim is made, as an OpenAPI path. */
export const MAKE_CLAIM_PATH = `${CLAIMS_URL}/{eventId}/claim` as const;

/** The same as Hono writes a route. */
export const MAKE_CLAIM_ROUTE = `${CLAIMS_URL}/:eventId/claim` as const;

/** One claim, as an OpenAPI path. */
export const ONE_CLAIM_PATH = `${CLAIMS_URL}/{claimId}` as const;

/** The URL of a claim, without a host. */
export const claimUrl = (claimId: string): string => `${CLAIMS_URL}/${claimId}`;

/** The URL of a claim's stream, without a host. */
export const claimStreamUrl = (claimId: string): string => `${claimUrl(claimId)}/stream`;

/** A request's target, with or without a host in front; a query or a fragment may follow. */
const MAKE_CLAIM_TARGET = new RegExp(
  `^(?:https?://[^/?#]*)?${CLAIMS_URL}/([^/?#]+)/claim(?:[?#]|$)`,
);

/**
 * The event that a request claims, as its target spells it: percent-encoding is not decoded.
 * Undefined for any other request.
 */
export function claimedEventOf({ method, url = '' }: IncomingMessage): string | undefined {
  return method === 'POST' ? MAKE_CLAIM_TARGET.exec(url)?.[1] : undefined;
}
