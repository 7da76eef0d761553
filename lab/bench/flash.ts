/** The flash event: ten thousand players claim a thousand capes in the same second. */

import { grantMany } from './claims.ts';
import { makeEvent, makeSoldOut } from './collections.ts';
import { bound, type Check, type Figures, type Row, ratio } from './figures.ts';
import { type Crowd, flash, type Outcome } from './flash-crowd.ts';
import type { BenchOptions } from './options.ts';
import { percentile } from './percentiles.ts';
import { makePlayers } from './players.ts';
import { refusalSide } from './refuse.ts';
import { roundName } from './rounds.ts';
import { startBenchServers } from './servers.ts';
import { APART, type Stack, startStack } from './stack.ts';
import { withStops } from './stop-at-end.ts';
import { temporalClient } from './temporal-client.ts';

const KNOWN = 'every player knows';
const REFUSALS = 'the same number of refusals';
const GRANTED = 'granted in the flash';
const CLAIMS = 'claims, 50 clients';

/** Most claims of one API process that are being recorded when the last unit goes. */
const MOST_IN_VAIN = 16;

/** Most runs, as a multiple of the stock: some are started for players who come too late. */
const SPARE_RUNS = 1.05;

/** The size of the flash event. */
export function crowdOf({ isShort }: Pick<BenchOptions, 'isShort'>): Crowd {
  return isShort ? { players: 60, stock: 10 } : { players: 10_000, stock: 1_000 };
}

/** The part `flash`. */
export async function benchFlash(options: BenchOptions): Promise<Figures> {
  return await withStops(async (stopAtEnd) => {
    const { isShort, rounds, apis = 1, profileDir, say } = options;
    const crowd = crowdOf(options);
    const servers = stopAtEnd(await startBenchServers({ temporal: true }, say));
    const stack = stopAtEnd(await startStack(servers, APART, { profileDir, apis }));
    const { client, ...connection } = await temporalClient(servers, stack.namespace);
    stopAtEnd(connection);
    const yardsticks = await yardsticksOf(stack, crowd, isShort);
    const rows = [KNOWN, REFUSALS, GRANTED, CLAIMS].map((name, n): Row => {
      return { name, unit: n < 2 ? 's' : 'a second', samples: [] };
    });
    const outcomes: Outcome[] = [];
    // Round 0 is not measured, but checked: a flash on a cold stack must be right too.
    for (let round = 0; round <= rounds; round++) {
      const yardstick = await yardsticks();
      const outcome = await flash(stack, client, crowd);
      outcomes.push(outcome);
      const values = [secondsOf(outcome), yardstick.refusalsS, outcome.grantedPerS];
      const all = [...values, yardstick.claimsPerS];
      if (round > 0) for (const [n, value] of all.entries()) rows[n]?.samples.push({ value });
      say(`${roundName(round, rounds)}: ${outcomeText(outcome)}`);
    }
    return {
      rows,
      checks: checksOf(rows, outcomes, { ...crowd, apis }),
      notes: outcomes.map(outcomeText),
    };
  });
}

/** The yardsticks of the flash, measured right before each one. */
async function yardsticksOf(stack: Stack, crowd: Crowd, isShort: boolean) {
  const soldOut = await makeSoldOut(stack.collections, crowd.stock);
  const open = await makeEvent(stack.collections, 1_000_000);
  const load = isShort ? { clients: 4, count: 8 } : { clients: 50, count: 400 };
  return async () => {
    const players = await makePlayers(stack.collections, stack.tokens, crowd.players);
    const refusals = await refusalSide(stack, soldOut.eventId, players).run(false);
    const claims = await grantMany(stack, open.eventId, load);
    return { refusalsS: crowd.players / refusals.value, claimsPerS: claims.value };
  };
}

function secondsOf({ knownMs }: Outcome): number {
  return (knownMs.at(-1) ?? Number.NaN) / 1_000;
}

function checksOf(
  rows: Row[],
  outcomes: Outcome[],
  { stock, apis }: Crowd & { apis: number },
): Check[] {
  const all = (what: (outcome: Outcome) => number) => outcomes.map(what);
  return [
    bound(
      'granted',
      all((o) => o.granted),
      { exactly: stock },
    ),
    bound(
      'told that it is held, and not granted',
      all((o) => o.held - o.granted),
      { exactly: 0 },
    ),
    bound(
      'workflows started',
      all((o) => o.workflows),
      { atMost: Math.floor(stock * SPARE_RUNS) },
    ),
    bound(
      'records more than units',
      all((o) => o.records - stock),
      { atMost: MOST_IN_VAIN * apis },
    ),
    bound(
      '5xx other than 503 with Retry-After',
      all((o) => o.otherFailures),
      { exactly: 0 },
    ),
    bound(
      'units held or left at the end',
      all((o) => o.unitsHeld + o.unitsLeft),
      { exactly: 0 },
    ),
    ratio(rows, KNOWN, REFUSALS, { atMost: 2 }),
    ratio(rows, GRANTED, CLAIMS, { atLeast: 1 }),
  ];
}

/** One flash in a sentence. */
export function outcomeText(outcome: Outcome): string {
  const { knownMs, held, soldOut, unavailable, granted, workflows, records } = outcome;
  const [half, most] = [50, 99].map((p) => (percentile(knownMs, p) / 1_000).toFixed(2));
  return [
    `${held} told held and ${soldOut} sold out in ${secondsOf(outcome).toFixed(2)} s`,
    `(half in ${half} s, 99 of 100 in ${most} s), ${unavailable} times "not now";`,
    `${granted} granted, ${outcome.grantedPerS.toFixed(1)} a second, the last after`,
    `${(outcome.allGrantedMs / 1_000).toFixed(1)} s;`,
    `${workflows} workflows, ${records} records`,
  ].join(' ');
}
