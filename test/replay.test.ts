/**
 * Runs that began under the code of yesterday go on under the code of today. Where a history fails
 * here, the change needs `patched()`: see `record-histories.ts`.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { DefaultLogger, Runtime, Worker, type WorkflowBundleOption } from '@temporalio/worker';
import { buildBundle } from '../worker/bundle.ts';
import { recordedHistories } from './histories.ts';

const quiet = new DefaultLogger('ERROR');
Runtime.install({ logger: quiet });

let workflowBundle: WorkflowBundleOption;
before(async () => {
  workflowBundle = await buildBundle(quiet);
});

describe('today’s workflow code goes on with a run of yesterday', () => {
  const histories = recordedHistories();
  it('as there are some', () => assert.ok(histories.length >= 10));

  for (const { name, history } of histories) {
    it(name.replaceAll('-', ' '), async () => {
      await Worker.runReplayHistory({ workflowBundle, replayName: name }, history);
    });
  }
});
