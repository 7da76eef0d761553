/** Laurel's side: claims through the API, with everything it promises. */

import { requestOf } from '../http-wire.ts';
import { makePlayers } from '../players.ts';
import type { Stack } from '../stack.ts';
import type { Outcome } from './saga.ts';
import { pidOf, type Side } from './side.ts';

/** The longest that the API waits for a claim's end, in seconds. */
const WAIT_S = 30;

/**
 * @param is what runs here, in one sentence
 * @param stack where it runs, with the names of our own processes in it
 * @param players how many players to create
 */
export async function laurelSide(
  name: string,
  is: string,
  { stack, processes }: { stack: Stack; processes: string[] },
  players: number,
): Promise<Side> {
  const { collections, port, tokens } = stack;
  return {
    name,
    is,
    pids: () => ({
      server: [pidOf(stack.pids(), 'temporal')],
      node: processes.map((one) => pidOf(stack.pids(), one)),
      mongod: [pidOf(stack.pids(), 'mongod')],
    }),
    port,
    collections,
    players: await makePlayers(collections, tokens, players),
    request: ({ token }, eventId, key) =>
      requestOf('POST', `/api/event-claims/${eventId}/claim`, {
        authorization: `Bearer ${token}`,
        'idempotency-key': key,
        prefer: `wait=${WAIT_S}`,
      }),
    outcomeIn: ({ status, body }) => {
      const { state, code } = JSON.parse(body) as { state?: Outcome; code?: string };
      if (status === 200 && state !== undefined) return state;
      // Refused before it was recorded counts as rejected.
      if (status === 409 && code === 'sold_out') return 'REJECTED';
      throw new Error(`a claim was answered ${status}: ${body}`);
    },
    grantedOf: (eventId) =>
      collections.store.claims.model.countDocuments({ eventId, state: 'GRANTED' }),
    // The claim's own line is the mail.
    mailsOf: (eventId) =>
      collections.store.claims.model.countDocuments({ eventId, 'lines.state': 'GRANTED' }),
  };
}
