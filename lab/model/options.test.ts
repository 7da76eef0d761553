import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { optionsFrom, UsageError } from './options.ts';

describe('the command line of a model run', () => {
  it('says how many sequences of which seed', () => {
    const options = optionsFrom(['--runs', '1000', '--seed', '7', '--from', '3', '--lanes', '8']);
    assert.ok(options !== 'HELP');
    const { runs, seed, from, lanes } = options;
    assert.deepEqual({ runs, seed, from, lanes }, { runs: 1000, seed: 7, from: 3, lanes: 8 });
  });

  it('may leave all of it to us', () => {
    const options = optionsFrom([]);
    assert.ok(options !== 'HELP' && options.runs > 0 && Number.isInteger(options.seed));
  });

  it('asks for help', () => assert.equal(optionsFrom(['--help']), 'HELP'));

  for (const args of [
    ['--runs', '0'],
    ['--seed', 'x'],
    ['--lanes', '1.5'],
    ['--rnus', '1'],
  ]) {
    it(`is refused as ${args.join(' ')}`, () => assert.throws(() => optionsFrom(args), UsageError));
  }
});
