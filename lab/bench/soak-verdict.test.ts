import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WrongArguments } from '../chaos/command-line.ts';
import { optionsFrom } from './soak-options.ts';
import { flatness, type Minute } from './soak-verdict.ts';

/** Minutes that are all the same, except for what `change` returns for the nth. */
function minutes(count: number, change: (n: number) => Partial<Minute> = () => ({})): Minute[] {
  const processes = {
    api: { rssMiB: 200, handles: 60 },
    worker: { rssMiB: 400, handles: 40 },
    mongod: { rssMiB: 300, handles: 100 },
  };
  return Array.from({ length: count }, (_, n) => {
    return { claims: 600, p50Ms: 80, p99Ms: 300, processes, ...change(n) };
  });
}

const notFlat = (all: Minute[]) =>
  flatness(all)
    .filter(({ isFlat }) => !isFlat)
    .map(({ what }) => what);

const worker = (rssMiB: number, handles = 40) => ({ worker: { rssMiB, handles } });

describe('a soak is flat', () => {
  it('where nothing changes', () => {
    assert.deepEqual(notFlat(minutes(20)), []);
  });

  it('where its first minute is dearer than the others, or cheaper', () => {
    const slow = { p50Ms: 900, p99Ms: 9_000, processes: worker(50) };
    assert.deepEqual(
      notFlat(minutes(20, (n) => (n === 0 ? slow : { processes: worker(400) }))),
      [],
    );
  });

  it('where memory goes up and down by a tenth', () => {
    const all = minutes(20, (n) => ({ processes: worker(400 + (n % 2) * 40) }));
    assert.deepEqual(notFlat(all), []);
  });

  it('where only the cache of a server grows', () => {
    const all = minutes(20, (n) => ({ processes: { mongod: { rssMiB: 300 * n, handles: 9 } } }));
    assert.deepEqual(notFlat(all), []);
  });
});

describe('a soak is not flat', () => {
  it('where memory leaks', () => {
    const all = minutes(20, (n) => ({ processes: worker(400 + 10 * n) }));
    assert.deepEqual(notFlat(all), ['worker MiB']);
  });

  it('where connections are left open', () => {
    const all = minutes(20, (n) => ({ processes: worker(400, 40 + 3 * n) }));
    assert.deepEqual(notFlat(all), ['worker handles']);
  });

  it('where claims take longer and longer', () => {
    const all = minutes(20, (n) => ({ p50Ms: 80 + 10 * n, p99Ms: 300 + 100 * n }));
    assert.deepEqual(notFlat(all), ['p50 ms', 'p99 ms']);
  });

  it('where a process was seen at no time of a third', () => {
    const all = minutes(9, (n) => ({ processes: n < 4 ? worker(400) : {} }));
    assert.deepEqual(notFlat(all), ['worker MiB', 'worker handles']);
  });

  it('nor anything else where there is nothing to compare', () => {
    assert.throws(() => flatness(minutes(1)), RangeError);
  });
});

describe('the command line of a soak', () => {
  it('has a default for everything', () => {
    assert.deepEqual(optionsFrom([]), { minutes: 20, rate: undefined, faults: false, seed: 1 });
    assert.equal(optionsFrom(['--help']), null);
  });

  it('is refused where it is not understood', () => {
    for (const wrong of [
      ['--minutes', '0'],
      ['--rate', 'x'],
      ['--hours', '2'],
    ]) {
      assert.throws(() => optionsFrom(wrong), WrongArguments);
    }
  });
});
