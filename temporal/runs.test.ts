import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import proto from '@temporalio/proto';
import { claimIdOf } from '../store/claims/claim-record.ts';
import { unique } from '../store/test-store.ts';
import { type Laurel, startLaurel } from '../test/laurel.ts';
import { CLAIM_QUEUE } from '../workflows/contract.ts';
import type { RunOf } from './runs.ts';
import { workflowIdOf } from './workflow-id.ts';

const COMPLETE = proto.temporal.api.enums.v1.CommandType.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION;

/** No worker polls: runs stay as they were started until the test ends them. */
let laurel: Laurel;
before(async () => {
  laurel = await startLaurel({ workers: false });
});
after(() => laurel.stop());

function someClaim(): RunOf {
  const [userId, idempotencyKey] = [unique('usr'), unique('key')];
  return { _id: claimIdOf(userId, idempotencyKey), userId, idempotencyKey, eventId: 'evt_1' };
}

const handleOf = (claim: RunOf): WorkflowHandle =>
  laurel.client.workflow.getHandle(workflowIdOf(claim.userId, claim.idempotencyKey));

const runIdOf = async (claim: RunOf) => (await handleOf(claim).describe()).runId;

/** Ends the claim's run as its worker would. */
async function complete(claim: RunOf): Promise<void> {
  const { workflowService } = laurel.client;
  const { namespace } = laurel;
  const taskQueue = { name: CLAIM_QUEUE };
  const { taskToken } = await laurel.client.withDeadline(Date.now() + 10_000, () =>
    workflowService.pollWorkflowTaskQueue({ namespace, taskQueue }),
  );
  await workflowService.respondWorkflowTaskCompleted({
    namespace,
    taskToken,
    commands: [{ commandType: COMPLETE, completeWorkflowExecutionCommandAttributes: {} }],
  });
  await handleOf(claim).result();
}

const signalsTo = async (claim: RunOf): Promise<string[]> => {
  const { events } = await handleOf(claim).fetchHistory();
  const signals = events?.map((e) => e.workflowExecutionSignaledEventAttributes?.signalName);
  return (signals ?? []).filter((name) => typeof name === 'string');
};

describe("a claim's run", () => {
  it('is started once, however often it is asked for', async () => {
    const claim = someClaim();
    await laurel.runs.start(claim);
    const runId = await runIdOf(claim);
    await Promise.all([1, 2, 3].map(() => laurel.runs.start(claim)));
    assert.equal(await laurel.runs.ensure(claim), false);
    assert.equal(await runIdOf(claim), runId);
    await handleOf(claim).terminate();
  });

  it('can be found by its event and its player, and names neither person nor reward', async () => {
    const claim = someClaim();
    await laurel.runs.start(claim);
    const { typedSearchAttributes, priority } = await handleOf(claim).describe();
    const found = typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]);
    assert.deepEqual(Object.fromEntries(found), { EventId: 'evt_1', UserId: claim.userId });
    assert.equal(priority?.fairnessKey, 'evt_1');
    await handleOf(claim).terminate();
  });

  it('is followed by another where it was terminated', async () => {
    const claim = someClaim();
    await laurel.runs.start(claim);
    const first = await runIdOf(claim);
    await handleOf(claim).terminate();
    await laurel.runs.start(claim);
    assert.notEqual(await runIdOf(claim), first);
    await handleOf(claim).terminate();
  });

  it('is left alone where it ran to its end', async () => {
    const claim = someClaim();
    await laurel.runs.start(claim);
    const runId = await runIdOf(claim);
    await complete(claim);
    await laurel.runs.start(claim);
    assert.equal(await laurel.runs.wake(claim, 'userLeft'), false);
    assert.equal(await runIdOf(claim), runId);
  });

  it('is followed by another for a claim that is still open, even where it ran to its end', async () => {
    const claim = someClaim();
    assert.equal(await laurel.runs.ensure(claim), true, 'there never was a run');
    const first = await runIdOf(claim);
    await complete(claim);
    assert.equal(await laurel.runs.ensure(claim), true);
    assert.notEqual(await runIdOf(claim), first);
    await handleOf(claim).terminate();
  });

  it('hears a signal, and is started by it where none runs', async () => {
    const claim = someClaim();
    assert.equal(await laurel.runs.wake(claim, 'decided'), true);
    const runId = await runIdOf(claim);
    await laurel.runs.wake(claim, 'userLeft');
    assert.equal(await runIdOf(claim), runId);
    assert.deepEqual(await signalsTo(claim), ['decided', 'userLeft']);
    await handleOf(claim).terminate();
  });
});
