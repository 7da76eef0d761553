/**
 * `node lab/bench/peers/main.ts [--json] [--short] [--rounds N]`, after `npm ci` in this folder. The
 * part `peers` of `npm run bench` does both. `--json` prints one line, which `peers-part.ts` reads.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeEvent, openCollections } from '../collections.ts';
import { type Figures, linesOf, type Row, ratio } from '../figures.ts';
import { makePlayers } from '../players.ts';
import { runRounds } from '../rounds.ts';
import { startBenchServers } from '../servers.ts';
import { APART, startStack } from '../stack.ts';
import { withStops } from '../stop-at-end.ts';
import { assertSurvives } from './assert-crash.ts';
import { assertSaga, assertStock } from './assert-saga.ts';
import { laurelSide } from './laurel.ts';
import { type Load, measure } from './measure.ts';
import { DATABASE, startPeers } from './peers.ts';
import type { Side } from './side.ts';

/** What to run. */
interface Plan {
  rounds: number;
  load: Load;
  /** More players than any side grants claims in a round, as each player claims an event once. */
  players: number;
  /** Whether crashes are tested too. */
  crashes: boolean;
}

const FULL: Plan = {
  rounds: 7,
  load: { clients: 50, warmMs: 1_000, windowMs: 5_000 },
  players: 8_000,
  crashes: true,
};

/** Little work: it shows only that it runs. */
const SHORT: Plan = {
  rounds: 1,
  load: { clients: 10, warmMs: 200, windowMs: 500 },
  players: 2_000,
  crashes: false,
};

const LAUREL = 'laurel';

const say = (line: string) => void process.stderr.write(`${line}\n`);

type OnEnd = (stop: () => Promise<void>) => void;

/** Starts all sides. */
async function startSides(folder: string, plan: Plan, onEnd: OnEnd): Promise<Side[]> {
  const servers = await startBenchServers({ temporal: true }, say);
  onEnd(() => servers.stop());
  const apart = await startStack(servers, APART, {});
  onEnd(() => apart.stop());
  const processes = APART.processes.map(({ name }) => name);
  const is = 'a granted mailbox claim through the API, with all that it promises';
  const ours = await laurelSide(LAUREL, is, { stack: apart, processes }, plan.players);
  const collections = await openCollections(servers.mongodbUri(DATABASE));
  onEnd(() => collections.database.close());
  const players = await makePlayers(collections, apart.tokens, plan.players);
  return [ours, ...(await startPeers({ folder, servers, collections, players, say, onEnd }))];
}

/** One round of a side, and a check that its stock adds up afterwards. */
async function roundOf(side: Side, { load, players }: Plan) {
  const { eventId } = await makeEvent(side.collections, players);
  const { sample, granted } = await measure(side, eventId, load);
  await assertStock(side, eventId, granted);
  return sample;
}

async function compare(folder: string, plan: Plan, onEnd: OnEnd): Promise<Figures> {
  const sides = await startSides(folder, plan, onEnd);
  for (const side of sides) {
    await assertSaga(side);
    if (plan.crashes) await assertSurvives(side);
    const survives = plan.crashes && side.crash !== undefined ? ', survives a crash' : '';
    say(`${side.name}: grants once, undoes, sells out${survives}`);
  }
  const rows = await runRounds(
    sides.map((side) => ({
      name: side.name,
      unit: 'claims/s',
      run: () => roundOf(side, plan),
    })),
    { rounds: plan.rounds, say },
  );
  return {
    rows: [
      ...rows,
      ...rows.filter(({ name }) => name !== LAUREL).map((row) => timesLaurel(rows, row)),
    ],
    // No goal was promised for these ratios.
    checks: [],
    notes: [
      'After every round the stock, the mailbox and the records of each side added up.',
      ...sides.map(({ name, is }) => `${name}: ${is}`),
    ],
  };
}

/** A side's rate as a multiple of Laurel's, round by round. */
function timesLaurel(rows: Row[], { name }: Row): Row {
  const { values } = ratio(rows, name, LAUREL, { atLeast: 0 });
  return {
    name: `${name} : ${LAUREL}`,
    unit: 'times',
    samples: values.map((value) => ({ value })),
  };
}

/** Runs in a temporary folder, and stops everything at the end. */
async function run(plan: Plan): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'laurel-peers-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return await withStops((stopAtEnd) => compare(folder, plan, (stop) => void stopAtEnd({ stop })));
}

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    short: { type: 'boolean' },
    rounds: { type: 'string' },
  },
});
const plan = values.short ? SHORT : FULL;
const rounds = Number(values.rounds ?? plan.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds is a number from 1 on');

// Child processes end with this one. The exit handlers remove the folders.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
const figures = await run({ ...plan, rounds });
const text = values.json ? JSON.stringify(figures) : linesOf('peers', figures).join('\n');
process.stdout.write(`${text}\n`);
