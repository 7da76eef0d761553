/**
 * Runs that began under the code of a release go on under the code of today. Where a history fails
 * here, the change needs `patched()`: `docs/deploying-workflow-code.md`.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { DefaultLogger, Runtime, Worker, type WorkflowBundleOption } from '@temporalio/worker';
import { CLAIM_WORKFLOW } from '../../workflows/contract.ts';
import { testBundle } from '../bundle.ts';
import { changedBundle, patchedStep, plainStep } from '../changed-code.ts';
import type { History } from '../histories.ts';
import { releasedHistories, releases } from '../releases.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });

interface Recorded {
  name: string;
  history: History;
}

const recorded: (Recorded & { release: string })[] = releases().flatMap((release) =>
  releasedHistories(release).map((history) => ({ release, ...history })),
);

function isOfClaim({ events }: History): boolean {
  const started = events?.[0]?.workflowExecutionStartedEventAttributes;
  return started?.workflowType?.name === CLAIM_WORKFLOW;
}

/** Their names, in the order in which they were done; of some, as the marker of each tells it. */
function localActivitiesOf({ events }: History): string[] {
  return (events ?? []).flatMap(({ markerRecordedEventAttributes: marker }) => {
    const data = marker?.details?.data?.payloads?.[0]?.data;
    return data ? [JSON.parse(Buffer.from(data).toString()).activity_type] : [];
  });
}

async function replay(workflowBundle: WorkflowBundleOption, { name, history }: Recorded) {
  await Worker.runReplayHistory({ workflowBundle, replayName: name }, history);
}

describe('today’s workflow code goes on with a run of', () => {
  let today: WorkflowBundleOption;
  before(async () => {
    today = await testBundle();
  });

  it('every release, as there are some', () => assert.ok(recorded.length >= 10));

  for (const history of recorded) {
    it(`${history.release}: ${history.name.replaceAll('-', ' ')}`, () => replay(today, history));
  }
});

describe('a step more in a claim’s story', () => {
  const claims = recorded.filter(
    ({ history }) => isOfClaim(history) && localActivitiesOf(history).includes('advance'),
  );

  it('is found out by every history, where it was put in just so', async () => {
    const broken = await changedBundle(plainStep());
    for (const history of claims) {
      await assert.rejects(replay(broken, history), /Nondeterminism/i, history.name);
    }
  });

  it('goes on with every history, where it was put in with patched()', async () => {
    const next = await changedBundle(patchedStep());
    for (const history of claims) await replay(next, history);
  });
});
