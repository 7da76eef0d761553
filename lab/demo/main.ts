/** `npm run demo`: three hundred players claim at a running stack, and every promise is checked. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type components, dataOf } from '../../client/index.ts';
import { readStackFile, type StackFile } from '../../local/stack-file.ts';
import { type Api, join, type Player, signIn } from './client.ts';
import { checkGrants, checkLedger } from './ledger-check.ts';
import { CONDITION, explanationLines, feed, wronglyJudged } from './quests.ts';
import { playRound, type Round, type Stats } from './round.ts';
import { bold, each, green, progress, red, table } from './terminal.ts';

const USAGE = `Usage: npm run demo [-- --players N]

Plays a small campaign against the stack that npm start runs: an operator creates the event in
lab/demo/event.json, fulfilled by the mailbox, then by the simulated game on a bad day, then for those
alone who completed three quests; the game's servers report the quests, over Kafka where a broker
runs. Every player claims all of them, each claim sent three times at once with the same key. Exits
with 1 if a reward was granted twice, a claim was lost, a player wrongly judged, or the stock does
not add up.

  --players N   how many players (300)
  DATA_DIR      the data folder of the stack (.data)
`;

const PASSWORD = 'a password for the demo';
/** Calls at once that register players or read their grants. */
const CALLS_AT_ONCE = 8;

/** Rules of the simulator: some calls go wrong. The seed makes it repeatable. */
const BAD_DAY = {
  do: 'mix',
  on: ['grant', 'lookup'],
  seed: 'demo',
  refuse: 0.02,
  fail: 0.08,
  dropBeforeGrant: 0.02,
  dropAfterGrant: 0.05,
  pending: 0.05,
  settleAfterMs: 500,
  delayMs: [0, 40],
};

async function joined(baseUrl: string, names: readonly string[]): Promise<Player[]> {
  const players: Player[] = [];
  const shown = progress('Players registered', names.length);
  await each(names, CALLS_AT_ONCE, async (name) => {
    players.push(await join(baseUrl, name, PASSWORD));
    shown.tick();
  });
  shown.end();
  return players;
}

type Schemas = components['schemas'];
type Role = Schemas['User']['role'];

/** Registers a user with this role and signs them in. A change of role ends earlier tokens. */
async function withRole(baseUrl: string, admin: Api, name: string, role: Role): Promise<Api> {
  const { userId } = await join(baseUrl, name, PASSWORD);
  const path = { userId };
  await dataOf(admin.PATCH('/api/users/{userId}', { params: { path }, body: { role } }));
  return await signIn(baseUrl, name, PASSWORD);
}

async function createEvent(
  operator: Api,
  provider: string,
  condition: Schemas['Condition'] | null = null,
): Promise<string> {
  const file = path.join(import.meta.dirname, 'event.json');
  const event = JSON.parse(await readFile(file, 'utf8')) as Schemas['NewEvent'];
  const body = { ...event, condition, fulfillment: { provider } };
  return (await dataOf(operator.POST('/api/events', { body }))).eventId;
}

async function grantsOf(players: readonly Player[]) {
  const all: Schemas['Grant'][] = [];
  const params = { query: { limit: 200 } };
  await each(players, CALLS_AT_ONCE, async ({ api }) => {
    all.push(...(await dataOf(api.GET('/api/grants', { params }))).items);
  });
  return all;
}

const stockOf = ({ rewards }: Stats): string =>
  rewards
    .filter((r) => r.stock !== null)
    .map((r) => `${r.rewardId} ${r.available}/${r.held}/${r.granted}`)
    .join(', ');

/** Players who were refused or whose claim was not granted, by reason, the most frequent first. */
function refusals(round: Round): string {
  const counts = new Map<string, number>();
  const count = (reason: string, players: number) =>
    counts.set(reason, (counts.get(reason) ?? 0) + players);
  // A refusal's code and a claim's reason have the same name.
  for (const [code, players] of round.refused) count(code.toUpperCase(), players);
  for (const { state, reason } of round.claims) if (state !== 'GRANTED') count(`${reason}`, 1);
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  return sorted.map(([reason, count]) => `${reason} ${count}`).join(', ') || '–';
}

function report(rounds: readonly Round[]): string {
  const rows = rounds.map((round) => [
    round.name,
    String(round.claims.filter((c) => c.state === 'GRANTED').length),
    refusals(round),
    String(round.replays),
    String(round.retried),
    `${(round.slowestMs / 1_000).toFixed(1)} s`,
    stockOf(round.stats),
  ]);
  const heading = ['Provider', 'Granted', 'Not granted, by reason', 'Replays', 'Retried'];
  return table([[...heading, 'Slowest', 'Stock available/held/granted'], ...rows]);
}

interface Staff {
  admin: Api;
  operator: Api;
  gameServer: Api;
}

/** The round with a condition: players who do not meet it must be refused with an explanation. */
async function playQuests(
  { admin, operator, gameServer }: Staff,
  players: readonly Player[],
  { kafka }: StackFile,
): Promise<Round> {
  const eventId = await createEvent(operator, 'mailbox', CONDITION);
  const route = await feed({ eventId, players, gameServer }, kafka);
  const round = await playRound(admin, players, { name: `quests over ${route}`, eventId });
  round.broken.push(...wronglyJudged(players, round.claims));
  const refused = round.claims.find(({ explanation }) => explanation?.condition);
  if (refused?.explanation?.condition) {
    console.log(`What one refused player is told (${refused.claimId}):`);
    for (const line of explanationLines(refused.explanation.condition)) console.log(`  ${line}`);
  }
  return round;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { players: { type: 'string', default: '300' }, help: { type: 'boolean' } },
  });
  const count = Number(values.players);
  if (values.help || !Number.isInteger(count) || count < 1) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const dataDir = process.env.DATA_DIR || '.data';
  const stack = readStackFile(dataDir);
  if (!stack) {
    console.error(`No stack is ready over ${dataDir}. Start one with npm start, and wait for it.`);
    return 2;
  }
  const { url: baseUrl } = stack.api;
  const admin = await signIn(baseUrl, stack.admin.username, stack.admin.password);
  const run = Date.now().toString(36);
  const operator = await withRole(baseUrl, admin, `demo-${run}-operator`, 'OPERATOR');
  const players = await joined(
    baseUrl,
    Array.from({ length: count }, (_, n) => `demo-${run}-${n}`),
  );

  const rounds = [];
  const mailbox = { name: 'mailbox', eventId: await createEvent(operator, 'mailbox') };
  rounds.push(await playRound(admin, players, mailbox));
  if (stack.simulator) {
    const { url } = stack.simulator;
    const steer = (method: string, body?: string) =>
      fetch(`${url}/control/rules`, { method, ...(body !== undefined && { body }) });
    await steer('POST', JSON.stringify({ ...BAD_DAY, seed: run }));
    const eventId = await createEvent(operator, 'simulator');
    const round = await playRound(admin, players, { name: 'simulator', eventId });
    await steer('DELETE');
    await checkLedger(url, round);
    rounds.push(round);
  } else {
    console.log('No simulator runs, as PROVIDERS is set: only the mailbox was played.');
  }
  const gameServer = await withRole(baseUrl, admin, `demo-${run}-game`, 'GAME_SERVER');
  rounds.push(await playQuests({ admin, operator, gameServer }, players, stack));
  const listed = await grantsOf(players);
  for (const round of rounds) checkGrants(listed, round);

  console.log(`\n${report(rounds)}\n`);
  const broken = rounds.flatMap((round) => round.broken.map((what) => `${round.name}: ${what}`));
  if (broken.length > 0) {
    console.log(red(bold(`${broken.length} promises broken:`)));
    for (const what of broken) console.log(red(`  ${what}`));
    return 1;
  }
  console.log(green('Every claim ended, none was granted twice, and the stock adds up.'));
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(red(error instanceof Error ? error.message : String(error)));
  process.exitCode = 1;
}
