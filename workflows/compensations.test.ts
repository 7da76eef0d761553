import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as later } from 'node:timers/promises';
import { createCompensations } from './compensations.ts';

describe('the compensations of a claim', () => {
  it('undo what was done last first, each to its end before the next begins', async () => {
    const done: string[] = [];
    const compensations = createCompensations();
    for (const step of ['entitlement', 'holds', 'grants']) {
      compensations.register(async () => {
        done.push(`${step} begins`);
        await later();
        done.push(`${step} ends`);
      });
    }
    await compensations.run();
    assert.deepEqual(done, [
      'grants begins',
      'grants ends',
      'holds begins',
      'holds ends',
      'entitlement begins',
      'entitlement ends',
    ]);
  });

  it('undo a step that was registered and failed halfway', async () => {
    const compensations = createCompensations();
    let undone = false;
    const step = async () => {
      compensations.register(async () => {
        undone = true;
      });
      throw new Error('half of it was done');
    };
    await step().catch(() => {});
    await compensations.run();
    assert.ok(undone);
  });

  it('do nothing where no step was begun, and nothing twice', async () => {
    const compensations = createCompensations();
    await compensations.run();
    let times = 0;
    compensations.register(async () => {
      times += 1;
    });
    await compensations.run();
    await compensations.run();
    assert.equal(times, 1);
  });

  it('leave what comes before undone while one cannot be: stock is not freed past a grant', async () => {
    const compensations = createCompensations();
    let isFreed = false;
    compensations.register(async () => {
      isFreed = true;
    });
    compensations.register(async () => {
      throw new Error('cannot be revoked');
    });
    await assert.rejects(compensations.run(), /cannot be revoked/);
    assert.equal(isFreed, false);
  });
});
