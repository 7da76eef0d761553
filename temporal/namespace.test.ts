import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Connection } from '@temporalio/client';
import { type Laurel, startLaurel } from '../test/laurel.ts';
import { RECONCILE_SCHEDULE, SEARCH_ATTRIBUTES, UPKEEP_QUEUE } from '../workflows/contract.ts';
import {
  ensureReconciliation,
  registerSearchAttributes,
  scheduleReconciliation,
} from './namespace.ts';

let laurel: Laurel;
before(async () => {
  laurel = await startLaurel({ workers: false });
});
after(() => laurel.stop());

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

  it('is named, with what it lacks, where the server does not let us register them', async () => {
    const cloud = {
      operatorService: {
        listSearchAttributes: async () => ({ customAttributes: { EventId: 2, UserId: 2 } }),
        addSearchAttributes: async () => {
          throw new Error('7 PERMISSION_DENIED');
        },
      },
    };
    await assert.rejects(
      registerSearchAttributes(cloud as unknown as Connection, 'laurel.a1b2c'),
      /laurel\.a1b2c lacks the search attributes ClaimState, Reason \(Keyword\)/,
    );
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
