import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  COMPARATORS,
  type Condition,
  DEEPEST,
  type Explained,
  explain,
  type Fact,
  type Leaf,
  leavesOf,
  type Met,
  MOST_LEAVES,
} from './condition.ts';
import { conditionErrors } from './condition-check.ts';

const numbers = fc.integer({ min: -3, max: 3 });

const leaves: fc.Arbitrary<Leaf> = fc
  .record({
    metric: fc.constantFrom('quest.completed', 'boss.killed', 'level', 'login.streak'),
    comparator: fc.constantFrom(...COMPARATORS),
    need: numbers,
    key: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
    window: fc.option(fc.constantFrom('EVENT', 'PERIOD', 'ALL_TIME'), { nil: undefined }),
  })
  .map(({ metric, comparator, need, key, window }) => ({
    metric,
    [comparator]: need,
    ...(key !== undefined && { key }),
    ...(window !== undefined && { window: window as 'EVENT' }),
  }));

const trees: fc.Arbitrary<Condition> = fc.letrec<{ tree: Condition }>((tie) => {
  const children = fc.array(tie('tree'), { minLength: 1, maxLength: 3 });
  return {
    tree: fc.oneof(
      { maxDepth: 4, depthIdentifier: 'tree' },
      leaves,
      children.map((all) => ({ all })),
      children.map((any) => ({ any })),
      tie('tree').map((not) => ({ not })),
    ),
  };
}).tree;

const knownFacts: fc.Arbitrary<Fact> = fc.option(numbers, { nil: null });
const anyFacts: fc.Arbitrary<Fact> = fc.oneof(knownFacts, fc.constant(undefined));

/** A tree, and a fact for each of its leaves. */
const judged = (tree: fc.Arbitrary<Condition>, fact: fc.Arbitrary<Fact>) =>
  tree.chain((condition) => {
    const length = leavesOf(condition).length;
    return fc
      .array(fact, { minLength: length, maxLength: length })
      .map((facts) => ({ condition, facts }));
  });

const metOf = (condition: Condition, facts: Fact[]): Met => explain(condition, facts).met;

/** The explanation without what was explained. */
function written(explained: Explained): Condition {
  if ('not' in explained) return { not: written(explained.not) };
  if ('all' in explained) return { all: explained.all.map(written) };
  if ('any' in explained) return { any: explained.any.map(written) };
  const { have: _h, need: _n, met: _m, ...leaf } = explained;
  return leaf;
}

/** The verdict that a player works out from the leaves' `have` and `need` and the tree alone. */
function worked(explained: Explained): boolean {
  if ('not' in explained) return !worked(explained.not);
  if ('all' in explained) return explained.all.every(worked);
  if ('any' in explained) return explained.any.some(worked);
  const { have, need } = explained;
  if (have === null) return false;
  if (explained.atLeast !== undefined) return have >= need;
  return explained.atMost === undefined ? have === need : have <= need;
}

/** Every node of an explanation, the root first. */
function nodesOf(explained: Explained): Explained[] {
  if ('not' in explained) return [explained, ...nodesOf(explained.not)];
  const children = 'all' in explained ? explained.all : 'any' in explained ? explained.any : [];
  return [explained, ...children.flatMap(nodesOf)];
}

describe('a condition, explained', () => {
  it('agrees with its verdict: whoever reads the leaves comes to it, at every node', () => {
    fc.assert(
      fc.property(judged(trees, knownFacts), ({ condition, facts }) => {
        for (const node of nodesOf(explain(condition, facts))) assert.equal(node.met, worked(node));
      }),
    );
  });

  it('is the condition as it was written, with have, need and met on every leaf', () => {
    fc.assert(
      fc.property(judged(trees, anyFacts), ({ condition, facts }) => {
        const explained = explain(condition, facts);
        assert.deepEqual(written(explained), condition);
        const told = nodesOf(explained).flatMap((node) => ('have' in node ? [node] : []));
        assert.deepEqual(
          told.map(({ have }) => have),
          facts.map((fact) => fact ?? null),
        );
        for (const leaf of told) {
          assert.equal(leaf.need, leaf.atLeast ?? leaf.atMost ?? leaf.equals);
          assert.ok('met' in leaf);
        }
      }),
    );
  });

  it('has a verdict as soon as it is known, and then the same whatever the rest turns out to be', () => {
    fc.assert(
      fc.property(judged(trees, anyFacts), fc.infiniteStream(knownFacts), (given, rest) => {
        const { condition, facts } = given;
        const filled = facts.map((fact) => (fact === undefined ? rest.next().value : fact));
        const met = metOf(condition, facts);
        assert.ok(met === null || met === metOf(condition, filled));
      }),
    );
  });

  it('is always known where every fact is', () => {
    fc.assert(
      fc.property(judged(trees, knownFacts), ({ condition, facts }) =>
        assert.notEqual(metOf(condition, facts), null),
      ),
    );
  });

  it('takes as many facts as it has leaves', () => {
    const condition = { all: [{ metric: 'level', atLeast: 1 }] };
    assert.throws(() => explain(condition, []), RangeError);
    assert.throws(() => explain(condition, [1, 2]), RangeError);
  });

  it('leaves the condition and the facts as they are', () => {
    fc.assert(
      fc.property(judged(trees, anyFacts), ({ condition, facts }) => {
        const copies = structuredClone([condition, facts]);
        explain(condition, facts);
        assert.deepEqual([condition, facts], copies);
      }),
    );
  });
});

describe('not, any and all', () => {
  const two = fc.tuple(judged(trees, anyFacts), judged(trees, anyFacts));
  const not = (condition: Condition): Condition => ({ not: condition });

  it('not turns a verdict round, and twice is not at all', () => {
    fc.assert(
      fc.property(judged(trees, anyFacts), ({ condition, facts }) => {
        const met = metOf(condition, facts);
        assert.equal(metOf(not(condition), facts), met === null ? null : !met);
        assert.equal(metOf(not(not(condition)), facts), met);
      }),
    );
  });

  it('not of all is any of nots, and the other way round', () => {
    fc.assert(
      fc.property(two, ([a, b]) => {
        const facts = [...a.facts, ...b.facts];
        const both = [a.condition, b.condition];
        assert.equal(metOf({ not: { all: both } }, facts), metOf({ any: both.map(not) }, facts));
        assert.equal(metOf({ not: { any: both } }, facts), metOf({ all: both.map(not) }, facts));
      }),
    );
  });

  it('know no order', () => {
    fc.assert(
      fc.property(two, ([a, b]) => {
        for (const kind of ['all', 'any'] as const) {
          const one = { [kind]: [a.condition, b.condition] } as Condition;
          const other = { [kind]: [b.condition, a.condition] } as Condition;
          const facts = [...a.facts, ...b.facts];
          assert.equal(metOf(one, facts), metOf(other, [...b.facts, ...a.facts]));
        }
      }),
    );
  });

  it('of one condition are that condition', () => {
    fc.assert(
      fc.property(judged(trees, anyFacts), ({ condition, facts }) => {
        assert.equal(metOf({ all: [condition] }, facts), metOf(condition, facts));
        assert.equal(metOf({ any: [condition] }, facts), metOf(condition, facts));
      }),
    );
  });

  it('a number that was never reported meets no comparison', () => {
    fc.assert(fc.property(leaves, (leaf) => assert.equal(metOf(leaf, [null]), false)));
  });
});

describe('what an operator writes', () => {
  const isProvider = (name: string) => name === 'game';
  const refused = (condition: unknown) =>
    conditionErrors(condition, isProvider).map(({ pointer }) => pointer);
  const leaf = { metric: 'level', atLeast: 30 };

  it('is a condition where nothing is wrong with it', () => {
    fc.assert(fc.property(trees, (tree) => assert.deepEqual(refused(tree), [])));
  });

  const RIGHT: Record<string, unknown> = {
    'an amount with a fraction': { metric: 'distance.km', atLeast: 1.5 },
    'a provider’s metric': { metric: 'guild.rank', atMost: 10, source: 'game' },
    'Laurel’s own books by name': { ...leaf, source: 'progress' },
    'a gauge inside a window': { ...leaf, window: 'PERIOD' },
    'the age of an account': { metric: 'account.ageDays', atLeast: 7 },
    'a chain': { metric: 'event.granted', key: 'evt_1', atLeast: 1 },
    'a provider’s metric of that name': { metric: 'event.granted', atMost: 1, source: 'game' },
    'an evening': { metric: 'time.between', key: '18:00-24:00', equals: 1 },
    'a night, over midnight': { metric: 'time.between', key: '22:00-02:00', atLeast: 1 },
  };
  for (const [what, condition] of Object.entries(RIGHT)) {
    it(`may be ${what}`, () => assert.deepEqual(refused(condition), []));
  }

  const inAll = (child: unknown) => ({ all: [leaf, { any: [child] }] });
  const WRONG: Record<string, [unknown, string]> = {
    'no metric': [{ atLeast: 1 }, '/metric'],
    'a metric with a comma': [{ ...leaf, metric: 'a,b' }, '/metric'],
    'an empty metric': [{ ...leaf, metric: '' }, '/metric'],
    'a metric that is no text': [{ ...leaf, metric: 7 }, '/metric'],
    'no comparator': [{ metric: 'level' }, ''],
    'two comparators': [{ ...leaf, atMost: 40 }, ''],
    'a comparison with a text': [{ metric: 'level', atLeast: '30' }, '/atLeast'],
    'a comparison with what is no number': [{ metric: 'level', equals: Number.NaN }, '/equals'],
    'a comparison beyond all counting': [{ metric: 'level', atLeast: 1e13 }, '/atLeast'],
    'an empty key': [{ ...leaf, key: '' }, '/key'],
    'a key with a line break': [{ ...leaf, key: 'a\nb' }, '/key'],
    'an unknown window': [{ ...leaf, window: 'WEEK' }, '/window'],
    'an unknown provider': [{ ...leaf, source: 'nowhere' }, '/source'],
    'the mailbox, which knows nothing': [{ ...leaf, source: 'mailbox' }, '/source'],
    'a key for a provider': [{ ...leaf, source: 'game', key: 'a' }, '/key'],
    'a window for a provider': [{ ...leaf, source: 'game', window: 'EVENT' }, '/window'],
    'an unknown field': [{ ...leaf, atleast: 3 }, '/atleast'],
    'an unknown field with a slash': [{ ...leaf, 'a/b~c': 3 }, '/a~1b~0c'],
    'the age of an account in a window': [
      { metric: 'account.ageDays', atLeast: 7, window: 'EVENT' },
      '/window',
    ],
    'the age of an account by key': [{ metric: 'account.ageDays', atLeast: 7, key: 'a' }, '/key'],
    'a limit on grants': [{ metric: 'event.granted', key: 'evt_1', atMost: 0 }, '/atMost'],
    'a limit on grants, and nothing to limit': [{ metric: 'event.granted', atMost: 0 }, '/atMost'],
    'a limit on grants by Laurel’s own books': [
      { metric: 'event.granted', key: 'evt_1', atMost: 2, source: 'progress', window: 'PERIOD' },
      '/atMost',
    ],
    'a chain to nothing': [{ metric: 'event.granted', atLeast: 1 }, '/key'],
    'a time of day without a time': [{ metric: 'time.between', equals: 1 }, '/key'],
    'a time of day that is none': [
      { metric: 'time.between', key: '18:00-25:00', equals: 1 },
      '/key',
    ],
    'a time of day that lasts no time': [
      { metric: 'time.between', key: '18:00-18:00', equals: 1 },
      '/key',
    ],
    'a time of day in a window': [
      { metric: 'time.between', key: '18:00-22:00', equals: 1, window: 'PERIOD' },
      '/window',
    ],
    'a time of day that is met twice over': [
      { metric: 'time.between', key: '18:00-22:00', atLeast: 2 },
      '/atLeast',
    ],
    'a text': ['level', ''],
    'a list': [[leaf], ''],
    'nothing at all': [{}, '/metric'],
    'a list of none': [{ all: [] }, '/all'],
    'no list': [{ any: leaf }, '/any'],
    'two kinds of node': [{ all: [leaf], not: leaf }, '/not'],
    'a node that is a leaf as well': [{ not: leaf, metric: 'level' }, '/metric'],
    'a not of nothing': [{ not: null }, '/not'],
  };
  for (const [what, [condition, pointer]] of Object.entries(WRONG)) {
    it(`is told where it is ${what}`, () => {
      assert.ok(refused(condition).includes(pointer), JSON.stringify(refused(condition)));
      const [first = ''] = refused(inAll(condition));
      assert.ok(first.startsWith('/all/1/any/0'), first);
    });
  }

  it('names every wrong leaf at once', () => {
    const wrong = { all: [leaf, { metric: 'x' }, { not: { ...leaf, window: 'WEEK' } }] };
    assert.deepEqual(refused(wrong), ['/all/1', '/all/2/not/window']);
  });

  it(`has at most ${MOST_LEAVES} leaves`, () => {
    const pair = { any: [leaf, leaf] };
    const some = Array.from({ length: MOST_LEAVES / 2 }, () => pair);
    assert.deepEqual(refused({ all: some }), []);
    assert.deepEqual(refused({ all: [...some, leaf] }), [`/all/${MOST_LEAVES / 2}`]);
    const many = Array.from({ length: MOST_LEAVES + 1 }, () => leaf);
    assert.deepEqual(refused({ all: many }), [`/all/${MOST_LEAVES}`, '/all']);
  });

  it(`is at most ${DEEPEST} levels deep`, () => {
    const nested = (levels: number): unknown => (levels === 1 ? leaf : { not: nested(levels - 1) });
    assert.deepEqual(refused(nested(DEEPEST)), []);
    assert.deepEqual(refused(nested(DEEPEST + 1)), ['/not'.repeat(DEEPEST)]);
    assert.deepEqual(refused(nested(5_000)), ['/not'.repeat(DEEPEST)]);
  });

  it('points at its leaves as RFC 6901 does', () => {
    const tree = { all: [leaf, { not: { any: [leaf, leaf] } }] };
    assert.deepEqual(
      leavesOf(tree).map(({ pointer }) => pointer),
      ['/all/0', '/all/1/not/any/0', '/all/1/not/any/1'],
    );
  });
});
