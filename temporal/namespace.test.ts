import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { Client, Connection } from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';
import { mongo } from 'mongoose';
import { reasonOf } from '../process/fatal.ts';
import { claimIdOf } from '../store/claims/claim-record.ts';
import { type GrpcProxy, startGrpcProxy } from '../test/grpc-proxy.ts';
import { event } from '../test/helpers.ts';
import { bareNamespace, type Laurel, startLaurel } from '../test/laurel.ts';
import { GRANTED, outcomeOf } from '../test/outcomes.ts';
import { type TestServers, testServers } from '../test/servers.ts';
import { RECONCILE_SCHEDULE, SEARCH_ATTRIBUTES, UPKEEP_QUEUE } from '../workflows/contract.ts';
import {
  ensureReconciliation,
  registerSearchAttributes,
  scheduleReconciliation,
} from './namespace.ts';
import { createClaimRuns } from './runs.ts';

let servers: TestServers;
let door: GrpcProxy;
let laurel: Laurel;
before(async () => {
  servers = await testServers();
  door = await startGrpcProxy(servers.temporalAddress);
  process.env.TEST_MONGODB_URI = servers.mongodbUri('');
  process.env.TEST_TEMPORAL_ADDRESS = door.address;
  laurel = await startLaurel({ workers: false });
});
after(async () => {
  await laurel.stop();
  await door.close();
  await servers.stop();
});

const connection = () => laurel.client.connection as Connection;

describe('a namespace that a worker is about to poll', () => {
  it('has the search attributes, whoever registers them and however often', async () => {
    const { namespace } = laurel;
    await Promise.all([1, 2].map(() => registerSearchAttributes(connection(), namespace)));
    const { customAttributes } = await connection().operatorService.listSearchAttributes({
      namespace,
    });
    for (const name of SEARCH_ATTRIBUTES) assert.equal(customAttributes?.[name], 2, name);
  });

  it('has one schedule of reconciliation, which follows the configuration', async () => {
    await scheduleReconciliation(laurel.client, 60_000);
    const handle = laurel.client.schedule.getHandle(RECONCILE_SCHEDULE);
    await handle.pause('an admin looks into something');
    await scheduleReconciliation(laurel.client, 5_000);
    const { spec, action, policies, state } = await handle.describe();
    assert.deepEqual(
      spec.intervals?.map((interval) => interval.every),
      [5_000],
    );
    assert.equal(policies.overlap, 'SKIP');
    assert.equal(action.type === 'startWorkflow' && action.taskQueue, UPKEEP_QUEUE);
    assert.deepEqual(
      [state.paused, state.note],
      [true, 'an admin looks into something'],
      'a worker that starts must not undo what an admin did',
    );
  });

  it('gets the schedule anew where it is gone, and has it left alone where it is not', async () => {
    const handle = laurel.client.schedule.getHandle(RECONCILE_SCHEDULE);
    await handle.pause('an admin looks into something');
    assert.equal(await ensureReconciliation(laurel.client, 5_000), false);
    assert.equal((await handle.describe()).state.paused, true);
    await handle.delete();
    assert.equal(await ensureReconciliation(laurel.client, 5_000), true);
    assert.equal((await handle.describe()).state.paused, false);
  });
});

/** What Temporal Cloud denies to a key of one namespace. */
const OPERATORS_CALLS = [
  'OperatorService/ListSearchAttributes',
  'OperatorService/AddSearchAttributes',
  'Health/Check',
];

describe('a namespace whose operator we are not', () => {
  beforeEach(() => door.deny(...OPERATORS_CALLS));
  afterEach(() => door.deny());

  it('is worked in all the same, and is ready', async () => {
    const { namespace } = laurel;
    await registerSearchAttributes(connection(), namespace);
    await scheduleReconciliation(laurel.client, 60_000);
    assert.deepEqual([...door.denied], ['OperatorService/ListSearchAttributes']);
    await laurel.startWorkers();
    const { eventId } = await event(laurel);
    const { id, token } = await laurel.signIn();
    await laurel.claim(eventId, token, { key: 'mine' });
    assert.deepEqual(await outcomeOf(laurel, claimIdOf(id, 'mine')), GRANTED);
    const { body } = await laurel.call('GET', '/readyz');
    assert.deepEqual(body, { status: 'ok', checks: { mongodb: 'ok', temporal: 'ok' } });
  });

  it('is worked in though it cannot even be searched', async () => {
    door.deny(...OPERATORS_CALLS, 'WorkflowService/CountWorkflowExecutions');
    await registerSearchAttributes(connection(), laurel.namespace);
    assert.ok(door.denied.has('WorkflowService/CountWorkflowExecutions'));
  });

  it('is named, with what it lacks', async () => {
    const bare = await bareNamespace(connection());
    const lacks = `The namespace ${bare} lacks the search attributes ${SEARCH_ATTRIBUTES.join(', ')} (Keyword)`;
    await assert.rejects(registerSearchAttributes(connection(), bare), (error: Error) => {
      assert.ok(error.message.startsWith(lacks), error.message);
      return true;
    });
    // One who may list them is told the same.
    door.deny('OperatorService/AddSearchAttributes');
    await assert.rejects(
      registerSearchAttributes(connection(), bare),
      /lacks the search attributes/,
    );
  });

  it('is named as what ends a worker that may not work in it, and MongoDB is not', async () => {
    const reason = async (work: Promise<unknown>) => reasonOf(await work.catch((e: unknown) => e));
    door.deny('WorkflowService/CreateSchedule', 'WorkflowService/DescribeWorkflowExecution');
    const denied = 'Temporal refuses: 7 PERMISSION_DENIED: Request unauthorized.';
    assert.equal(await reason(scheduleReconciliation(laurel.client, 60_000)), denied);
    assert.equal(await reason(laurel.runs.check()), denied);

    const away = Connection.lazy({ address: '127.0.0.1:1' });
    const asked = away.withDeadline(Date.now() + 100, () => away.workflowService.getSystemInfo({}));
    assert.match(await reason(asked), /^Temporal cannot be reached: /);
    const refused = new mongo.MongoServerError({ message: 'Authentication failed.', code: 18 });
    const words = 'MongoDB refuses: Authentication failed. (code 18)';
    assert.equal(await reason(Promise.reject(refused)), words);
    await away.close();
  });

  it('is not ready where it is not there, nor where runs may not be looked at', async () => {
    const elsewhere = new Client({ connection: connection(), namespace: 'nobody-made-it' });
    await assert.rejects(createClaimRuns(elsewhere).check(), NamespaceNotFoundError);
    door.deny('WorkflowService/DescribeWorkflowExecution');
    const { status, body } = await laurel.call('GET', '/readyz');
    assert.deepEqual([status, body.status], [200, 'degraded']);
  });
});
