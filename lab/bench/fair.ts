/** Claims of a cold event while a thousand claims of a hot event wait, compared with an idle stack. */
import type { Client } from '@temporalio/client';
import type { EventFields } from '../../domain/events/event.ts';
import { until } from '../../local/until.ts';
import { workflowIdOf } from '../../temporal/workflow-id.ts';
import { type ClaimAnswer, claimGranted, claimRequest } from './claim-requests.ts';
import { closedLoop, sendUntilServed, withWires } from './closed-loop.ts';
import { makeEvent } from './collections.ts';
import { type Figures, type Row, ratio, type Sample } from './figures.ts';
import { Wire } from './http-wire.ts';
import type { BenchOptions } from './options.ts';
import { percentile } from './percentiles.ts';
import { makePlayers } from './players.ts';
import { roundName } from './rounds.ts';
import { startBenchServers } from './servers.ts';
import { APART, type Stack, startStack } from './stack.ts';
import { withStops } from './stop-at-end.ts';
import { temporalClient } from './temporal-client.ts';

const IDLE = 'cold claim, idle stack, p95';
const BESIDE = 'cold claim, hot event beside it, p95';
/** How many times longer a cold claim may take beside the hot event. */
const MOST = 4;
/** Clients that send the hot event's claims. */
const HOT_CLIENTS = 100;

interface Sizes {
  /** Claims of the hot event that wait when the first cold claim comes. */
  waiting: number;
  cold: number;
}

/** The part `fair`. */
export async function benchFair(options: BenchOptions): Promise<Figures> {
  return await withStops(async (stopAtEnd) => {
    const { isShort, rounds, profileDir, say } = options;
    const sizes: Sizes = isShort ? { waiting: 20, cold: 3 } : { waiting: 1_000, cold: 40 };
    const servers = stopAtEnd(await startBenchServers({ temporal: true }, say));
    const stack = stopAtEnd(await startStack(servers, APART, { profileDir }));
    const { client, ...connection } = await temporalClient(servers, stack.namespace);
    stopAtEnd(connection);
    const rows: Row[] = [BESIDE, IDLE].map((name) => ({ name, unit: 'ms', samples: [] }));
    const waits: string[] = [];
    for (let round = 0; round <= rounds; round++) {
      const idle = await sampleOf(stack, client, await coldClaims(stack, sizes.cold));
      const { beside, left } = await besideHot(stack, client, sizes);
      if (round > 0) for (const [n, s] of [beside, idle].entries()) rows[n]?.samples.push(s);
      const [hot, cold] = [beside.value.toFixed(0), idle.value.toFixed(0)];
      const line = `p95 ${hot} ms, idle ${cold} ms; ${left} hot claims waited still at the end`;
      if (round > 0) waits.push(`${line}.`);
      say(`${roundName(round, rounds)}: ${line}`);
    }
    return { rows, checks: [ratio(rows, BESIDE, IDLE, { atMost: MOST })], notes: waits };
  });
}

/** Fills the hot event's queue, measures cold claims beside it, and waits until all are final. */
async function besideHot(stack: Stack, client: Client, { waiting, cold }: Sizes) {
  const { claims } = stack.collections.store;
  // Some are granted while others come in, so more are sent than have to wait.
  const { eventId } = await makeEvent(stack.collections, 10 * waiting);
  const openNow = () => claims.model.countDocuments({ eventId, open: true });
  for (let missing = waiting; missing > 0; missing = waiting - (await openNow())) {
    await claimMany(stack, eventId, missing);
  }
  const visits = await coldClaims(stack, cold);
  const left = await openNow();
  const beside = await sampleOf(stack, client, visits);
  await until('the hot event to end', async () => (await openNow()) === 0);
  return { beside, left };
}

/** Sends one claim each by new players, without waiting for the ends. */
export async function claimMany(stack: Stack, eventId: string, count: number): Promise<void> {
  const players = await makePlayers(stack.collections, stack.tokens, count);
  await withWires(stack.ports, HOT_CLIENTS, (wires) =>
    closedLoop(players, HOT_CLIENTS, async (player, client) => {
      const answer = await (wires[client] &&
        sendUntilServed(wires[client], claimRequest(eventId, player, 0)));
      if (!answer || answer.status >= 300) throw new Error(`hot claim: ${answer?.status}`);
    }),
  );
}

/** A claim with its times at the client, in milliseconds since the epoch. */
export interface Visit {
  claim: ClaimAnswer;
  sentAtMs: number;
  answeredAtMs: number;
}

/** Claims of a new event, one at a time. @param given changes fields of the event */
export async function coldClaims(
  stack: Stack,
  count: number,
  given: Partial<EventFields> = {},
): Promise<Visit[]> {
  const { eventId } = await makeEvent(stack.collections, 10 * count, given);
  const players = await makePlayers(stack.collections, stack.tokens, count);
  const wire = new Wire(stack.port);
  await wire.open();
  const visits: Visit[] = [];
  for (const player of players) {
    const sentAtMs = Date.now();
    const claim = await claimGranted(wire, eventId, player);
    visits.push({ claim, sentAtMs, answeredAtMs: Date.now() });
  }
  wire.close();
  return visits;
}

/** The p95 of the claims' times, in all and by where they waited. */
async function sampleOf(stack: Stack, client: Client, visits: Visit[]): Promise<Sample> {
  const stays = await Promise.all(
    visits.map(async (visit) => stayOf(visit, await runOf(stack, client, visit.claim.claimId))),
  );
  const p95 = (what: keyof Stay) =>
    percentile(
      stays.map((stay) => stay[what]),
      95,
    );
  const besides = (Object.keys(stays[0] ?? {}) as (keyof Stay)[]).filter((what) => what !== 'all');
  const also = Object.fromEntries(besides.map((what) => [`p95 ms ${what}`, p95(what)]));
  return { value: p95('all'), also };
}

/** When the claim's run was started and when a worker took its first task, by Temporal's history. */
async function runOf({ collections }: Stack, client: Client, claimId: string) {
  const claim = await collections.store.claims.get(claimId);
  if (!claim) throw new Error(`there is no claim ${claimId}`);
  const workflowId = workflowIdOf(claim.userId, claim.idempotencyKey);
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  const begun = events?.find((event) => event.workflowExecutionStartedEventAttributes);
  const taken = events?.find((event) => event.workflowTaskStartedEventAttributes);
  const atMs = (event: typeof begun) =>
    Number(event?.eventTime?.seconds) * 1_000 + (event?.eventTime?.nanos ?? 0) / 1e6;
  return { begunAtMs: atMs(begun), takenAtMs: atMs(taken) };
}

/** Where a claim's time went, in milliseconds. All clocks are those of this machine. */
interface Stay {
  all: number;
  /** In the API, until the claim was recorded. */
  'to the record': number;
  /** In the API's queue of starts, until Temporal had the run. */
  'to the run': number;
  /** In Temporal's task queue, until a worker took the task. */
  'in the queue': number;
  /** In the worker, until the first step. */
  'to the step': number;
  'at work': number;
  'to the player': number;
}

function stayOf(
  { claim: { steps }, sentAtMs, answeredAtMs }: Visit,
  run: { begunAtMs: number; takenAtMs: number },
): Stay {
  const step = (name: string) => steps.find((s) => s.step === name);
  const recordedAtMs = Date.parse(step('S0_ACCEPT')?.endedAt ?? '');
  const begunAtMs = Date.parse(step('S1_VALIDATE')?.startedAt ?? '');
  const endedAtMs = Date.parse(step('S5_SETTLE')?.endedAt ?? '');
  return {
    all: answeredAtMs - sentAtMs,
    'to the record': recordedAtMs - sentAtMs,
    'to the run': run.begunAtMs - recordedAtMs,
    'in the queue': run.takenAtMs - run.begunAtMs,
    'to the step': begunAtMs - run.takenAtMs,
    'at work': endedAtMs - begunAtMs,
    'to the player': answeredAtMs - endedAtMs,
  };
}
