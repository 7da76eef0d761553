import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Context } from '@temporalio/activity';
import { startCollector, treeOf } from '../test/otlp-collector.ts';
import { startTracing } from '../tracing/start.ts';
import { traceActivity } from './activity-traces.ts';

const CALLER = '00f067aa0ba902b7';
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const REF = { claimId: 'clm_a', userId: 'usr_a', eventId: 'evt_a' };
const TRACED = { ...REF, trace: { traceparent: `00-${TRACE}-${CALLER}-01`, beganAtMs: 1_000 } };

/** Runs one attempt at an activity through the interceptors. */
async function attempt(activityType: string, request: object, result: unknown) {
  const info = { activityType, attempt: 3, isLocal: true, currentAttemptScheduledTimestampMs: 0 };
  const { inbound, outbound } = traceActivity({ info } as Context);
  let logAttributes: Record<string, unknown> = {};
  await inbound?.execute?.({ args: [request], headers: {} }, async () => {
    logAttributes = outbound?.getLogAttributes?.({ workflowId: 'w' }, (given) => given) ?? {};
    return result;
  });
  return logAttributes;
}

/** What is sent of attempts. */
async function sentOf(work: () => Promise<void>) {
  const collector = await startCollector();
  const stop = await startTracing(
    {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_TRACES_SAMPLER: 'parentbased_always_on',
      OTEL_TRACES_SAMPLER_ARG: 1,
    },
    'laurel-worker',
    () => {},
  );
  await work().finally(stop);
  await collector.close();
  return collector.spans;
}

test('the activity that ends a claim writes the span of its run', async () => {
  const end = { state: 'REJECTED', reason: 'SOLD_OUT' };
  const spans = await sentOf(async () => {
    await attempt('advance', TRACED, { end: null, left: {} });
    await attempt('finishUndo', TRACED, end);
  });
  assert.deepEqual(treeOf(spans, CALLER), [
    'RunWorkflow:claim',
    '  RunActivity:advance',
    '  RunActivity:finishUndo',
  ]);
  const run = spans.find(({ name }) => name === 'RunWorkflow:claim');
  assert.equal(run?.attributes['laurel.claim.reason'], 'SOLD_OUT');
  assert.equal(run?.startNs, 1_000_000_000n);
});

test('log lines of an activity name its trace', async () => {
  let attributes: Record<string, unknown> = {};
  await sentOf(async () => {
    attributes = await attempt('advance', TRACED, { end: null });
  });
  assert.equal(attributes.trace_id, TRACE);
  assert.equal(attributes.workflowId, 'w');
});

test('an activity without a claim, and one of a claim from before there was tracing, are traced alone', async () => {
  const spans = await sentOf(async () => {
    await attempt('advance', REF, { end: { state: 'GRANTED' } });
    await attempt('reconcile', {}, undefined);
  });
  assert.deepEqual(treeOf(spans, ''), ['RunActivity:advance', 'RunActivity:reconcile']);
});

test('without tracing an activity runs as it is', async () => {
  assert.deepEqual(await attempt('advance', TRACED, { end: null }), { workflowId: 'w' });
});
