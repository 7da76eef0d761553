/** Claims accepted by an API of the test's own, over the same store. */
import { createAcceptance } from '../api/claims/accept.ts';
import type { Store } from '../store/index.ts';
import { playerWithKey } from './helpers.ts';
import type { Laurel } from './laurel.ts';

/** A request of a new player. */
export async function requestOf(laurel: Pick<Laurel, 'signIn'>, eventId: string) {
  const { id: userId, token, key: idempotencyKey, claimId } = await playerWithKey(laurel);
  return { token, claimId, asked: { userId, eventId, rewardId: null, idempotencyKey } };
}

/** An API over the same store, some of whose verbs the test replaces. */
export function acceptanceOver(
  laurel: Pick<Laurel, 'store'>,
  change: (store: Store) => Partial<Store>,
) {
  const store = { ...laurel.store, ...change(laurel.store) };
  return createAcceptance({ store, now: () => new Date() });
}
