import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from '@hono/zod-openapi';
import fc from 'fast-check';
import { encodeCursor, NEWEST_FIRST, page, pageQuery } from './paging.ts';

const query = z.object(pageQuery(NEWEST_FIRST));

describe('a page', () => {
  it('leads to the next one as long as there are more', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.integer({ min: 1, max: 10 }), (count, limit) => {
        const all = Array.from({ length: count }, (_, n) => ({ at: new Date(n), id: String(n) }));
        const seen: string[] = [];
        let from = 0;
        for (;;) {
          const { items, nextCursor } = page(all.slice(from, from + limit + 1), limit, (i) => i);
          seen.push(...items.map((item) => item.id));
          assert.equal(nextCursor === null, seen.length === count);
          if (nextCursor === null) break;
          from = Number(query.parse({ cursor: nextCursor }).cursor?.id) + 1;
        }
        assert.deepEqual(
          seen,
          all.map((item) => item.id),
        );
      }),
    );
  });

  it('has 50 items unless another number from 1 to 200 is asked for', () => {
    assert.equal(query.parse({}).limit, 50);
    assert.equal(query.parse({ limit: '200' }).limit, 200);
    for (const limit of ['0', '201', '-1', '1.5', 'ten', '', 'NaN', '0x10', '1e2', ' 5', '+5']) {
      assert.equal(query.safeParse({ limit }).success, false, limit);
    }
  });

  it('takes no cursor but its own', () => {
    fc.assert(fc.property(fc.string(), (cursor) => query.safeParse({ cursor }).success === false));
    const own = encodeCursor({ at: new Date(0), id: 'a' });
    assert.equal(query.safeParse({ cursor: own }).success, true);
    for (const cursor of [`${own}=`, `${own}!`, ` ${own}`, `${own}\n`, own.replace('e', 'e.')]) {
      assert.equal(query.safeParse({ cursor }).success, false, cursor);
    }
    for (const position of [null, {}, { at: 'today', id: 'a' }, { at: { $gt: '' }, id: 'a' }]) {
      const cursor = Buffer.from(JSON.stringify(position)).toString('base64url');
      assert.equal(query.safeParse({ cursor }).success, false, JSON.stringify(position));
    }
  });
});
