/** Workers on other workflow code than today's: released code, or today's code with a change. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  type WorkflowBundleOption,
} from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import { createUpkeepActivities } from '../activities/upkeep.ts';
import { activityDeps } from '../worker/deps.ts';
import { createWorkers } from '../worker/workers.ts';
import type { Laurel } from './laurel.ts';
import { neverTried } from './paces.ts';
import { testServers } from './servers.ts';

const ROOT = path.resolve(import.meta.dirname, '..');

/** One change to today's source; `from` stands there exactly once. */
export interface Edit {
  file: string;
  from: string;
  to: string;
}

const CLAIM = 'workflows/claim.ts';
const FIRST_ACTIVITY = '  const advanced = await advance(ref, { isFirst,';

/** A step more before a run's first activity; `imports` is what it takes of the SDK. */
const stepMore = (step: string, imports: string): Edit[] => [
  {
    file: CLAIM,
    from: "} from '@temporalio/workflow';",
    to: `, ${imports} } from '@temporalio/workflow';`,
  },
  { file: CLAIM, from: FIRST_ACTIVITY, to: `  ${step}\n${FIRST_ACTIVITY}` },
];

/** The step put in without `patched()`: this must not be deployed. */
export const plainStep = (): Edit[] => stepMore('await sleep(1);', 'sleep');

/** The same step put in as `docs/deploying-workflow-code.md` says, with `patched()`. */
export const patchedStep = (): Edit[] =>
  stepMore("if (patched('a-step-more')) await sleep(1);", 'patched, sleep');

async function apply(folder: string, { file, from, to }: Edit): Promise<void> {
  const source = await readFile(path.join(folder, file), 'utf8');
  assert.equal(source.split(from).length, 2, `${file} has once: ${from}`);
  await writeFile(
    path.join(folder, file),
    source.replace(from, () => to),
  );
}

/** Today's workflow code with these changes, as a bundle. Made once in a run: it takes seconds. */
export async function changedBundle(edits: Edit[]): Promise<{ code: string }> {
  const run = process.env.TEST_RUN_FOLDER;
  if (run === undefined) return await bundle(edits);
  const name = createHash('sha256').update(JSON.stringify(edits)).digest('hex');
  const file = path.join(run, `bundle-${name}.js`);
  const made = await readFile(file, 'utf8').catch(() => undefined);
  if (made !== undefined) return { code: made };
  const { code } = await bundle(edits);
  // Renamed when it is whole: another file may read it at any moment.
  const part = `${file}.${process.pid}`;
  await writeFile(part, code);
  await rename(part, file);
  return { code };
}

async function bundle(edits: Edit[]): Promise<{ code: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'laurel-test-code-'));
  try {
    for (const part of ['workflows', 'domain', 'package.json']) {
      await cp(path.join(ROOT, part), path.join(folder, part), { recursive: true });
    }
    await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
    for (const edit of edits) await apply(folder, edit);
    return await bundleWorkflowCode({
      workflowsPath: path.join(folder, 'workflows', 'index.ts'),
      logger: new DefaultLogger('ERROR'),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Short timeouts, as the workers of `startLaurel` have. */
const POLICY = {
  FULFILLMENT_TIMEOUT_MS: 1_000,
  FULFILLMENT_MAX_ATTEMPTS: 3,
  FULFILLMENT_INITIAL_INTERVAL_MS: 50,
  FULFILLMENT_PENDING_TIMEOUT_MS: 4_000,
  GAUGES: {},
};

/** Starts workers for this Laurel, which runs none of its own, on that bundle. */
export async function startWorkersOn(
  laurel: Laurel,
  workflowBundle: WorkflowBundleOption,
): Promise<{ stop(): Promise<void> }> {
  const { temporalAddress, stop: release } = await testServers();
  const connection = await NativeConnection.connect({ address: temporalAddress });
  const { url: baseUrl, secret } = laurel.game;
  const settings = { ...POLICY, PROVIDERS: { game: { baseUrl, secret } } };
  // No first try: the change is in the workflow, so each step must be the workflow's.
  const deps = neverTried(activityDeps(laurel.store, settings));
  const workers = await createWorkers({
    connection,
    namespace: laurel.namespace,
    workflowBundle,
    activities: createActivities(deps),
    upkeep: createUpkeepActivities(laurel.upkeep),
  });
  const running = Promise.all(workers.map((worker) => worker.run()));
  return {
    async stop() {
      for (const worker of workers) worker.shutdown();
      await running;
      await connection.close();
      await release();
    },
  };
}
