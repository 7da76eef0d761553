/** JSON lines of any length to a signed-in client, until its token ends or the process stops. */
import type { Context } from 'hono';
import type { ClaimChanges } from '../../store/claims/claim-changes.ts';
import type { ApiEnv } from '../api-env.ts';
import { beginLong } from '../claims/wait.ts';
import { type AuthDeps, stillCounts } from '../identity/auth.ts';
import { jsonLines } from './json-lines.ts';
import type { LongRequests } from './long-requests.ts';

export interface LongJsonLinesDeps extends AuthDeps {
  changes: Pick<ClaimChanges, 'isEnding'>;
  longRequests: LongRequests;
}

/**
 * Streams the values, a batch at a time. An answer that ends early breaks the connection.
 * @throws DomainError if there is no place left for a request that is held open
 */
export function longJsonLines(
  deps: LongJsonLinesDeps,
  c: Context<ApiEnv>,
  batches: AsyncGenerator<object[]>,
): Response {
  const token = c.get('token');
  const over = new AbortController();
  return jsonLines(batches, {
    mayRead: async () => !deps.changes.isEnding() && (await stillCounts(deps, token)),
    end: beginLong(deps, c, () => over.abort()),
    cut: over.signal,
  });
}
