/** The workflow code that a test runs: prebuilt for a whole run, as it takes seconds. */
import type { WorkflowBundleOption } from '@temporalio/worker';
import { DefaultLogger } from '@temporalio/worker';
import { workflowBundle } from '../worker/bundle.ts';

/** The run's bundle, or this file's own where it runs by itself. */
export async function testBundle(): Promise<WorkflowBundleOption> {
  own ??= workflowBundle(new DefaultLogger('ERROR'));
  return await own;
}

let own: Promise<WorkflowBundleOption> | undefined;
