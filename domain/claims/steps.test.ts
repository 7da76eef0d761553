import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { STEP_OUTCOMES, STEPS, type Step, skipped, withSteps } from './claim.ts';

const at = (second: number) => new Date(second * 1_000).toISOString();

function step(given: Partial<Step>): Step {
  const once = { outcome: 'OK', startedAt: at(0), endedAt: at(1), attempts: 1, detail: null };
  return { step: 'S4_FULFIL', ...once, ...given } as Step;
}

const steps = fc.record<Step>(
  {
    step: fc.constantFrom(...STEPS),
    outcome: fc.constantFrom(...STEP_OUTCOMES),
    startedAt: fc.nat(1_000).map(at),
    endedAt: fc.nat(1_000).map(at),
    attempts: fc.nat(20),
    detail: fc.option(fc.string()),
  },
  { noNullPrototype: true },
);
const tellings = fc.array(steps, { maxLength: 12 });

describe("a claim's story", () => {
  it('continues a step that was told before: first start, last end and outcome, all attempts', () => {
    const parked = step({ outcome: 'PARKED', endedAt: at(5), attempts: 8, detail: '503' });
    const granted = step({ startedAt: at(60), endedAt: at(61), attempts: 2 });
    assert.deepEqual(withSteps([parked], [granted]), [
      step({ outcome: 'OK', startedAt: at(0), endedAt: at(61), attempts: 10, detail: null }),
    ]);
  });

  it('leaves a step where it was first told', () => {
    const told = [step({ step: 'S3_RESERVE' }), step({ outcome: 'PARKED' })];
    const since = [step({ step: 'UNDO_FULFIL' }), step({ step: 'S3_RESERVE', attempts: 3 })];
    const story = withSteps(told, since);
    assert.deepEqual(
      story.map((s) => [s.step, s.attempts]),
      [
        ['S3_RESERVE', 4],
        ['S4_FULFIL', 1],
        ['UNDO_FULFIL', 1],
      ],
    );
  });

  it('counts no attempt for a step with nothing to do', () => {
    const nothing = skipped('S2_CONDITIONS', at(3));
    assert.deepEqual(nothing, {
      step: 'S2_CONDITIONS',
      outcome: 'SKIPPED',
      startedAt: at(3),
      endedAt: at(3),
      attempts: 0,
      detail: null,
    });
    assert.equal(withSteps([nothing], [skipped('S2_CONDITIONS', at(9))])[0]?.attempts, 0);
  });

  it('tells every step once, and loses no attempt', () => {
    const attempts = (told: readonly Step[]) => told.reduce((sum, s) => sum + s.attempts, 0);
    fc.assert(
      fc.property(tellings, (since) => {
        const story = withSteps([], since);
        assert.equal(new Set(story.map((s) => s.step)).size, story.length);
        assert.deepEqual(new Set(story.map((s) => s.step)), new Set(since.map((s) => s.step)));
        assert.equal(attempts(story), attempts(since));
      }),
    );
  });

  it('is the same whether it is written down at once or bit by bit', () => {
    fc.assert(
      fc.property(tellings, tellings, tellings, (first, second, third) => {
        const bitByBit = withSteps(withSteps(withSteps([], first), second), third);
        assert.deepEqual(bitByBit, withSteps([], [...first, ...second, ...third]));
      }),
    );
  });

  it('changes neither what was told nor what is added', () => {
    fc.assert(
      fc.property(tellings, tellings, (first, second) => {
        const story = withSteps([], first);
        const copies = structuredClone([story, second]);
        withSteps(story, second);
        assert.deepEqual([story, second], copies);
      }),
    );
  });
});
