import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WrongArguments } from './command-line.ts';
import { optionsFrom } from './options.ts';

describe('the command line of a chaos run', () => {
  it('takes a seed and a length', () => {
    const options = optionsFrom(['--seed', '7', '--seconds', '12']);
    assert.deepEqual(options, { show: 'RUN', seed: 7, seconds: 12 });
    assert.deepEqual(optionsFrom(['--seed=7', '--plan']), { show: 'PLAN', seed: 7, seconds: 60 });
    assert.deepEqual(optionsFrom(['--help', '--seed', 'x']), { show: 'HELP' });
  });

  it('takes another seed each time where none is given', () => {
    const seeds = Array.from({ length: 5 }, () => JSON.stringify(optionsFrom([])));
    assert.ok(new Set(seeds).size > 1);
  });

  it('refuses what it does not understand, and says why', () => {
    const wrong: [string[], RegExp][] = [
      [['--seed', 'x'], /--seed is a whole number from 0/],
      [['--seed', '4294967296'], /--seed/],
      [['--seconds', '0'], /--seconds is a whole number from 5/],
      [['--seconds', '1e3'], /not 1e3/],
      [['--seconds', '3601'], /to 3600/],
      [['--seeds', '1'], /--seeds/],
      [['7'], /7/],
    ];
    for (const [args, message] of wrong) {
      assert.throws(
        () => optionsFrom(args),
        (error) => error instanceof WrongArguments && message.test(error.message),
        args.join(' '),
      );
    }
  });
});
