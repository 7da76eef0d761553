import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { COMPARATORS, CONDITION_WINDOWS } from '../../domain/conditions/condition.ts';
import { conditionErrors } from '../../domain/conditions/condition-check.ts';
import { CONDITION_COMPONENTS } from './condition-schema.ts';

const ajv = new Ajv2020({ strict: false });
const components = { schemas: CONDITION_COMPONENTS };
const fitsSchema = ajv.compile({ components, $ref: '#/components/schemas/Condition' });

const isTaken = (value: unknown) => conditionErrors(value, () => false).length === 0;

const numbers = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(1e12, -1e12));
const wrong = fc.constantFrom<unknown>(null, '3', [], {}, true, 1e13, -1e13, '');

/** Mostly values that fit, sometimes others. */
const mostly = <T>(right: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 9, arbitrary: right }, { weight: 1, arbitrary: wrong });

const rarely = (fields: object) => mostly(fc.constant({})).map((x) => (x === null ? fields : {}));

/** Mostly one of these names, else any text, or nothing. */
const names = <N extends string>(of: readonly N[]): fc.Arbitrary<N[]> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...of).map((name) => [name]) },
    { weight: 1, arbitrary: fc.subarray([...of]) },
  );

const valued = (given: string[], value: unknown) =>
  Object.fromEntries(given.map((name) => [name, value]));

/** A leaf of a counter: the schema says only in words what other metrics take. */
const leaves = fc
  .record({
    metric: mostly(fc.constantFrom('quest.completed', 'level')),
    bounds: fc.tuple(names(COMPARATORS), mostly(numbers)),
    others: fc.record(
      {
        key: mostly(fc.constantFrom('a', 'snow-1')),
        window: mostly(fc.constantFrom<unknown>(...CONDITION_WINDOWS)),
        source: fc.constant('progress'),
      },
      { requiredKeys: [] },
    ),
    more: rarely({ unknown: 1 }),
  })
  .map(({ metric, bounds, others, more }) => ({
    metric,
    ...valued(...bounds),
    ...others,
    ...more,
  }));

const trees = fc.letrec<{ tree: unknown }>((tie) => {
  const children = mostly(fc.array(tie('tree'), { minLength: 1, maxLength: 3 }));
  const node = fc
    .record({
      kinds: names(['all', 'any']),
      children,
      not: fc.option(mostly(tie('tree'))),
      more: rarely({ metric: 'level' }),
    })
    .map(({ kinds, children, not, more }) =>
      not === null ? { ...valued(kinds, children), ...more } : { not, ...more },
    );
  return { tree: fc.oneof({ maxDepth: 3, depthIdentifier: 'tree' }, leaves, node) };
}).tree;

describe('the schema of a condition', () => {
  it('says exactly what is taken', () => {
    let taken = 0;
    fc.assert(
      fc.property(trees, (tree) => {
        const fits = fitsSchema(tree);
        assert.equal(fits, isTaken(tree), JSON.stringify(tree));
        taken += Number(fits);
      }),
      { numRuns: 1_000 },
    );
    assert.ok(taken > 200 && taken < 800, `${taken} conditions were taken`);
  });

  it('asks for exactly one bound in a leaf', () => {
    const bounds = COMPARATORS.flatMap((a) => COMPARATORS.map((b) => ({ [a]: 1, [b]: 2 })));
    for (const given of [{}, ...bounds, { atLeast: 1, atMost: 2, equals: 3 }]) {
      const leaf = { metric: 'level', ...given };
      const fits = Object.keys(given).length === 1;
      assert.equal(fitsSchema(leaf), fits, JSON.stringify(leaf));
      assert.equal(isTaken(leaf), fits, JSON.stringify(leaf));
    }
  });
});
