import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { type mongo, Schema } from 'mongoose';
import { type StoreFixture, storeFixture } from '../test-store.ts';
import { findBounded, LOOKED_AT } from './bounded-find.ts';

interface Thing {
  _id: string;
  at: number;
  isParked: boolean;
  kind: string;
}

let t: StoreFixture;
before(async () => {
  t = await storeFixture();
});
after(() => t.close());

/**
 * The last record that the first page looks at (of two with the same time, the lower ID), and one
 * beyond.
 */
const RARE = [LOOKED_AT - 2, LOOKED_AT + 20];
/** More records than one page looks at. */
const THINGS = Array.from({ length: LOOKED_AT + 300 }, (_, i) => ({
  _id: `thing_${String(i).padStart(5, '0')}`,
  // Two each have the same time, so that the ID decides.
  at: -Math.floor(i / 2),
  isParked: true,
  kind: RARE.includes(i) ? 'rare' : 'common',
}));

const changes = [
  {
    what: 'others leave',
    change: { updateMany: { filter: { at: { $gt: -50 } }, update: { $set: { isParked: false } } } },
  },
  {
    what: 'others come',
    change: {
      insertOne: { document: { _id: 'thing_new', at: 1, isParked: true, kind: 'common' } },
    },
  },
] satisfies { what: string; change: mongo.AnyBulkWriteOperation<Thing> }[];

for (const [n, { what, change }] of changes.entries()) {
  it(`shows what fits just once though ${what} between its reads`, async () => {
    const schema = new Schema<Thing>({ _id: String, at: Number, isParked: Boolean, kind: String });
    let between: (() => Promise<unknown>) | undefined;
    schema.post(/^(aggregate|findOne)$/, async () => {
      const now = between;
      between = undefined;
      await now?.();
    });
    const model = t.connection.model<Thing>(`Thing${n}`, schema);
    await model.collection.insertMany(THINGS as never);
    between = () => model.collection.bulkWrite([change as mongo.AnyBulkWriteOperation]);
    const seen: string[] = [];
    for (let from: Thing | null | undefined; from !== null; ) {
      const later = from
        ? { $or: [{ at: { $lt: from.at } }, { at: from.at, _id: { $lt: from._id } }] }
        : {};
      const { found, lookedTo } = await findBounded<Thing>(model, {
        range: { isParked: true, ...later },
        rest: { kind: 'rare' },
        sort: { at: -1, _id: -1 },
        limit: 10,
      });
      seen.push(...found.map(({ _id }) => _id));
      from = lookedTo;
    }
    const rare = RARE.map((i) => THINGS[i]?._id);
    assert.deepEqual(seen, rare);
    assert.equal(between, undefined, 'nothing came between');
  });
}
