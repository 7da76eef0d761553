/** Sold-out answers a second from the API, beside a route that verifies the token and reads twice. */
import { makeSoldOut } from './books.ts';
import { claimRequest } from './claiming.ts';
import { costRatio, type Figures, ratio } from './figures.ts';
import { ALL_CPU, rateOf, withWires } from './load.ts';
import type { BenchOptions } from './options.ts';
import { makePlayers, type Player } from './players.ts';
import { inTurns, type Side } from './rounds.ts';
import { withStops } from './scope.ts';
import { startBenchServers } from './servers.ts';
import { API_ALONE, type Stack, startStack } from './stack.ts';
import type { Pids } from './usage.ts';
import { type Answer, requestOf } from './wire.ts';
import { startBareApi } from './yardstick/start.ts';

const CLIENTS = 64;
const OURS = 'sold out, from the API';
const BARE = 'bare route, token and two reads';

/** The stock of the flash event: as many buckets as there are looked at in it. */
const STOCK = 1_000;

export async function benchRefuse(options: BenchOptions): Promise<Figures> {
  return await withStops(async (stopAtEnd) => {
    const { isShort, profileDir, say } = options;
    const servers = stopAtEnd(await startBenchServers({}, say));
    const stack = stopAtEnd(await startStack(servers, API_ALONE, { profileDir }));
    const bare = stopAtEnd(await startBareApi(servers, stack));
    const { eventId } = await makeSoldOut(stack.books, STOCK);
    const players = await makePlayers(stack.books, stack.tokens, isShort ? 200 : 10_000);
    const ask = ({ token }: Player) =>
      requestOf('POST', `/refuse/${eventId}`, { authorization: `Bearer ${token}` });
    const sides = [
      refusalSide(stack, eventId, players),
      httpSide(BARE, bare, players, ask, isSoldOut),
    ];
    const rows = await inTurns(sides, options);
    return {
      rows,
      checks: [ratio(rows, OURS, BARE, { atLeast: 0.6 })],
      notes: [costRatio(rows, OURS, BARE, ALL_CPU), NOTE],
    };
  });
}

const NOTE = `${CLIENTS} clients; every player asks once a round, so that no token or user is known yet.`;

/** The first of a process find out by a record in vain; the others are refused without one. */
const isSoldOut = ({ status, body }: Answer) =>
  (status === 409 && body.includes('sold_out')) || (status === 200 && body.includes('SOLD_OUT'));

export function refusalSide(stack: Stack, eventId: string, players: Player[]): Side {
  const ask = (player: Player) => claimRequest(eventId, player, 0);
  return httpSide(OURS, stack, players, ask, isSoldOut);
}

/** Every item once, by requests that are made before the clock starts. */
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
