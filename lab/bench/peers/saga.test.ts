import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAIL_REFUSED, type StepName, type StepResult, saga } from './saga.ts';

const CLAIM = { claimId: 'clm_1', userId: 'usr_1', eventId: 'evt_1' };
const REWARD = { rewardId: 'cape', kind: 'ITEM', name: 'Frost cape', quantity: 1, buckets: 16 };

/** Runs the saga with refusals of some steps. Returns its outcome and the steps that ran. */
async function ranWith(refusals: Partial<Record<StepName, string>>) {
  const steps: StepName[] = [];
  const outcome = await saga(CLAIM, async (step): Promise<StepResult> => {
    steps.push(step);
    const refusal = refusals[step];
    return refusal === undefined ? { reward: REWARD } : { refusal };
  });
  return { outcome, steps };
}

describe('the saga that every engine runs', () => {
  it('grants in four steps', async () => {
    const { outcome, steps } = await ranWith({});
    assert.equal(outcome, 'GRANTED');
    assert.deepEqual(steps, ['validate', 'reserve', 'grant', 'record']);
  });

  it('undoes a refused grant, last in first out, and records it', async () => {
    const { outcome, steps } = await ranWith({ grant: MAIL_REFUSED });
    assert.equal(outcome, 'FAILED');
    assert.deepEqual(steps.slice(3), ['revoke', 'release', 'record']);
  });

  it('releases what a reservation may have left behind that was refused', async () => {
    const { outcome, steps } = await ranWith({ reserve: 'SOLD_OUT' });
    assert.equal(outcome, 'REJECTED');
    assert.deepEqual(steps.slice(2), ['release', 'record']);
  });

  it('has nothing to undo for a claim that is not valid', async () => {
    const { outcome, steps } = await ranWith({ validate: 'USER_NOT_ACTIVE' });
    assert.equal(outcome, 'REJECTED');
    assert.deepEqual(steps, ['validate', 'record']);
  });

  it('ends no step that threw: that is for the engine to repeat', async () => {
    const broken = saga(CLAIM, () => Promise.reject(new Error('the database is away')));
    await assert.rejects(broken, /the database is away/);
  });
});
