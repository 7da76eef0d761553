/**
 * What the one activity is told of what came before it: only the very first task of a run that the
 * recorder of its claim started may believe that nobody has asked or taken anything yet.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { AdvanceRequest } from '../../activities/advance.ts';
import { CLAIM_WORKFLOW, type ClaimInput } from '../../workflows/contract.ts';
import { testBundle } from '../bundle.ts';
import { until } from '../helpers.ts';
import { type TestServers, testServers, uniqueName } from '../servers.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });

/** Temporal takes a task for lost after this; a local activity that takes four fifths of it prolongs it. */
const TASK_TIMEOUT_MS = 2_000;

const ENDED = { end: { state: 'REJECTED', reason: 'SOLD_OUT', steps: [] }, left: null };

let servers: TestServers;
let native: NativeConnection;
let connection: Connection;
before(async () => {
  servers = await testServers();
  native = await NativeConnection.connect({ address: servers.temporalAddress });
  connection = await Connection.connect({ address: servers.temporalAddress });
});
after(async () => {
  await Promise.all([native.close(), connection.close()]);
  await servers.stop();
});

/** A claim's run on a queue of its own. */
async function startRun(given: Partial<ClaimInput>) {
  const taskQueue = uniqueName('first-task');
  const input: ClaimInput = { claimId: 'clm_1', userId: 'usr_1', eventId: 'evt_1', ...given };
  const run = await new Client({ connection }).workflow.start(CLAIM_WORKFLOW, {
    taskQueue,
    workflowId: taskQueue,
    args: [input],
    workflowTaskTimeout: TASK_TIMEOUT_MS,
  });
  return { taskQueue, run };
}

/** What a worker is told that goes on alone to the run's end. */
async function toldAtLast(taskQueue: string, run: { result(): Promise<unknown> }) {
  const told: boolean[] = [];
  const worker = await Worker.create({
    connection: native,
    taskQueue,
    workflowBundle: await testBundle(),
    activities: {
      async advance({ isFirst }: AdvanceRequest) {
        told.push(isFirst);
        return ENDED;
      },
    },
  });
  await worker.runUntil(run.result());
  return told;
}

/** A worker that dies with the activity under way, once it is so; answers what it was told. */
async function loseTask(taskQueue: string, isSo: () => Promise<boolean>): Promise<string> {
  const file = fileURLToPath(new URL('../hanging-worker.ts', import.meta.url));
  const worker = spawn(process.execPath, [file, servers.temporalAddress, taskQueue], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [said] = await once(worker.stdout, 'data');
    await until(isSo, 'the moment to die');
    return String(said).trim();
  } finally {
    worker.kill('SIGKILL');
    await once(worker, 'exit');
  }
}

describe('the one activity of a claim', { concurrency: true }, () => {
  it('is the first where the run is the recorder’s and its first task is under way', async () => {
    const { taskQueue, run } = await startRun({ isAlone: true, isHeld: true });
    assert.deepEqual(await toldAtLast(taskQueue, run), [true]);
  });

  it('is not where somebody else has started the run', async () => {
    const { taskQueue, run } = await startRun({});
    assert.deepEqual(await toldAtLast(taskQueue, run), [false]);
  });

  it('is not where the task before was lost with its worker', async () => {
    const { taskQueue, run } = await startRun({ isAlone: true });
    assert.equal(await loseTask(taskQueue, async () => true), 'true');
    assert.deepEqual(await toldAtLast(taskQueue, run), [false]);
  });

  it('is not where the task was prolonged before its worker was lost', async () => {
    const { taskQueue, run } = await startRun({ isAlone: true });
    const isProlonged = async () => {
      const { events } = await run.fetchHistory();
      return events?.some((e) => e.workflowTaskCompletedEventAttributes) === true;
    };
    assert.equal(await loseTask(taskQueue, isProlonged), 'true');
    assert.deepEqual(await toldAtLast(taskQueue, run), [false]);
  });
});
