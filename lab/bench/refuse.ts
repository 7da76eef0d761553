/** Sold-out answers a second, compared with a bare route that verifies the token and reads twice. */

import { claimRequest } from './claim-requests.ts';
import { ALL_CPU, rateOf, withWires } from './closed-loop.ts';
import { makeSoldOut } from './collections.ts';
import { costRatio, type Figures, ratio } from './figures.ts';
import { type Answer, requestOf } from './http-wire.ts';
import type { BenchOptions } from './options.ts';
import { makePlayers, type Player } from './players.ts';
import type { Pids } from './process-usage.ts';
import { runRounds, type Side } from './rounds.ts';
import { startBenchServers } from './servers.ts';
import { API_ALONE, type Stack, startStack } from './stack.ts';
import { withStops } from './stop-at-end.ts';
import { startBareApi } from './yardstick/start.ts';

/** Clients of the closed loop. */
const CLIENTS = 64;
const OURS = 'sold out, from the API';
const BARE = 'bare route, token and two reads';

/** The stock of the flash event, so that the event has as many buckets. */
const STOCK = 1_000;

/** The part `refuse`. */
export async function benchRefuse(options: BenchOptions): Promise<Figures> {
  return await withStops(async (stopAtEnd) => {
    const { isShort, profileDir, say } = options;
    const servers = stopAtEnd(await startBenchServers({}, say));
    const stack = stopAtEnd(await startStack(servers, API_ALONE, { profileDir }));
    const bare = stopAtEnd(await startBareApi(servers, stack));
    const { eventId } = await makeSoldOut(stack.collections, STOCK);
    const players = await makePlayers(stack.collections, stack.tokens, isShort ? 200 : 10_000);
    const ask = ({ token }: Player) =>
      requestOf('POST', `/refuse/${eventId}`, { authorization: `Bearer ${token}` });
    const sides = [
      refusalSide(stack, eventId, players),
      httpSide(BARE, bare, players, ask, isSoldOut),
    ];
    const rows = await runRounds(sides, options);
    return {
      rows,
      checks: [ratio(rows, OURS, BARE, { atLeast: 0.6 })],
      notes: [costRatio(rows, OURS, BARE, ALL_CPU), NOTE],
    };
  });
}

const NOTE = `${CLIENTS} clients; every player asks once a round, so that no token or user is known yet.`;

/** The first claims at a process are recorded and rejected (200). The others are refused (409). */
const isSoldOut = ({ status, body }: Answer) =>
  (status === 409 && body.includes('sold_out')) || (status === 200 && body.includes('SOLD_OUT'));

/** Measures sold-out answers of the API: every player claims once. */
export function refusalSide(stack: Stack, eventId: string, players: Player[]): Side {
  const ask = (player: Player) => claimRequest(eventId, player, 0);
  return httpSide(OURS, stack, players, ask, isSoldOut);
}

/** Measures one request for each item. The requests are built before the clock starts. */
export function httpSide<T>(
  name: string,
  server: { ports: readonly number[]; pids(): Pids },
  items: T[],
  ask: (item: T) => string,
  isRight: (answer: Answer) => boolean,
): Side {
  return {
    name,
    unit: 'a second',
    run: (isWarmUp) =>
      withWires(server.ports, CLIENTS, async (wires) => {
        await Promise.all(wires.map((wire) => wire.open()));
        const asked = isWarmUp ? items.slice(0, items.length / 4) : items;
        const load = { items: asked.map(ask), clients: CLIENTS, pids: server.pids() };
        return await rateOf(load, async (request, client) => {
          const answer = await wires[client]?.send(request);
          if (!answer || !isRight(answer)) {
            throw new Error(`${name}: ${answer?.status} ${answer?.body.slice(0, 200)}`);
          }
        });
      }),
  };
}
