/**
 * The saga on Temporal in its cheapest form: local activities, client and worker in one process, and
 * eager start. Slots and cache are those of the product.
 */
import { join } from 'node:path';
import { Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
} from '@temporalio/worker';
import type { Claim, Outcome, Steps } from '../saga.ts';
import { recordsOf } from '../steps.ts';
import { openSteps, required, serveClaims } from './app-server.ts';

const TASK_QUEUE = 'peers';

const logger = new DefaultLogger('WARN');
Runtime.install({ logger });
const { steps, connection: database } = await openSteps();
const records = recordsOf(database);

/**
 * Temporal stores local activities only when their workflow task ends. After a lost task all of them
 * run again, also the reservation, whose hold may be a grant by then. So the reservation reads the
 * record first. Engines that store each step before the next one do not need this read.
 */
const resumable: Steps = {
  ...steps,
  reserve: async (order) => {
    const earlier = await records.findOne({ _id: order.claimId });
    if (earlier === null) return await steps.reserve(order);
    return earlier.refusal === null ? {} : { refusal: earlier.refusal };
  },
};

const connection = await NativeConnection.connect({ address: required('TEMPORAL_ADDRESS') });
const client = new Client({ connection });
const worker = await Worker.create({
  connection,
  taskQueue: TASK_QUEUE,
  workflowBundle: await bundleWorkflowCode({
    workflowsPath: join(import.meta.dirname, 'temporal-workflow.ts'),
    logger,
  }),
  activities: resumable,
  maxCachedWorkflows: 500,
  maxConcurrentWorkflowTaskExecutions: 20,
  maxConcurrentLocalActivityExecutions: 100,
});

serveClaims(async (claim) => {
  try {
    return await client.workflow.execute<(claim: Claim) => Promise<Outcome>>('grantClaim', {
      workflowId: claim.claimId,
      taskQueue: TASK_QUEUE,
      args: [claim],
      requestEagerStart: true,
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return await client.workflow.getHandle(claim.claimId).result();
  }
});

await worker.run();
process.exit(0);
