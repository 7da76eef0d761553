/** The workflow code that a test runs: bundled once for a whole run, as it takes seconds. */
import type { WorkflowBundleOption } from '@temporalio/worker';
import { DefaultLogger } from '@temporalio/worker';
import { buildBundle } from '../worker/bundle.ts';

/** The run's bundle, or this file's own where it runs by itself. */
export async function testBundle(): Promise<WorkflowBundleOption> {
  const { TEST_WORKFLOW_BUNDLE } = process.env;
  if (TEST_WORKFLOW_BUNDLE !== undefined) return { codePath: TEST_WORKFLOW_BUNDLE };
  own ??= buildBundle(new DefaultLogger('ERROR'));
  return await own;
}

let own: Promise<{ code: string }> | undefined;
