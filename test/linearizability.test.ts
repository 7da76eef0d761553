import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { check, createRecorder, type Operation, type Spec, told } from './linearizability.ts';
import { type StockAnswer, type StockCall, stockSpec } from './linearizability-stock.ts';

type Write = { write: number } | 'read';

const register: Spec<number, Write, number | 'ok'> = {
  initial: 0,
  next(value, input, answer) {
    if (input !== 'read') return input.write;
    if (answer === undefined) return null;
    return answer === value ? value : null;
  },
  keyOf: String,
};

/** When it began, what it was, its answer, and when that came. */
function call<I, A>(from: number, input: I, answer: A, to: number): Operation<I, A> {
  return { input, answer, invokedAt: from, answeredAt: to };
}

/** A call whose answer never came. */
const lost = <I>(from: number, input: I) => ({
  input,
  answer: undefined,
  invokedAt: from,
  answeredAt: Number.POSITIVE_INFINITY,
});

type Registers = Operation<Write, number | 'ok'>[];
const holds = (history: Registers) => check(history, register).isLinearizable;

describe('a history of a register', () => {
  const cases: { what: string; is: boolean; history: Registers }[] = [
    { what: 'of no calls', is: true, history: [] },
    {
      what: 'one after the other',
      is: true,
      history: [call(0, { write: 1 }, 'ok', 1), call(2, 'read', 1, 3)],
    },
    {
      what: 'that reads an old value after a write has ended',
      is: false,
      history: [call(0, { write: 1 }, 'ok', 1), call(2, 'read', 0, 3)],
    },
    {
      what: 'that reads either value during a write',
      is: true,
      history: [
        call(0, { write: 1 }, 'ok', 9),
        call(1, 'read', 0, 2),
        call(3, 'read', 1, 4),
        call(5, 'read', 1, 6),
      ],
    },
    {
      what: 'in which a lost write that had to come in time did so',
      is: true,
      history: [{ ...lost(0, { write: 1 }), until: 3 }, call(2, 'read', 1, 9)],
    },
    {
      what: 'in which it came too late',
      is: false,
      history: [
        { ...lost(0, { write: 1 }), until: 3 },
        call(4, 'read', 0, 5),
        call(6, 'read', 1, 9),
      ],
    },
    {
      what: 'that reads the new value and then the old one',
      is: false,
      history: [call(0, { write: 1 }, 'ok', 9), call(1, 'read', 1, 2), call(3, 'read', 0, 4)],
    },
    {
      what: 'of two writers whom two readers see in different orders',
      is: false,
      history: [
        call(0, { write: 1 }, 'ok', 9),
        call(1, { write: 2 }, 'ok', 8),
        call(2, 'read', 1, 3),
        call(4, 'read', 2, 5),
        call(6, 'read', 1, 7),
      ],
    },
    {
      what: 'that reads what nobody wrote',
      is: false,
      history: [call(0, { write: 1 }, 'ok', 3), call(1, 'read', 2, 2)],
    },
  ];
  for (const { what, is, history } of cases) {
    it(`${what} ${is ? 'has an order' : 'has none'}`, () => assert.equal(holds(history), is));
  }
});

describe('a write whose answer was lost', () => {
  const written = lost(0, { write: 1 });

  it('may never have been done', () => {
    assert.ok(holds([written, call(1, 'read', 0, 2), call(8, 'read', 0, 9)]));
  });

  it('may have been done at once, or long after its caller gave up', () => {
    assert.ok(holds([written, call(1, 'read', 1, 2)]));
    assert.ok(holds([written, call(1, 'read', 0, 2), call(8, 'read', 1, 9)]));
  });

  it('was not done and undone again', () => {
    assert.ok(!holds([written, call(1, 'read', 1, 2), call(3, 'read', 0, 4)]));
  });

  it('was not done before it was sent', () => {
    assert.ok(!holds([call(0, 'read', 1, 1), lost(2, { write: 1 })]));
  });

  it('counts once', () => {
    const history: Registers = [
      written,
      call(1, 'read', 1, 2),
      call(3, { write: 5 }, 'ok', 4),
      call(5, 'read', 1, 6),
    ];
    assert.ok(!holds(history));
  });
});

/** Whether any order at all fits, tried one by one: slow, and too simple to be wrong. */
function fitsByForce(history: Registers, value = 0): boolean {
  const isOver = (o: (typeof history)[number]) => o.answeredAt < Number.POSITIVE_INFINITY;
  if (!history.some(isOver)) return true;
  const deadline = Math.min(...history.map((o) => o.answeredAt));
  return history.some((operation) => {
    if (operation.invokedAt > deadline) return false;
    const next = register.next(value, operation.input, operation.answer);
    return (
      next !== null &&
      fitsByForce(
        history.filter((o) => o !== operation),
        next,
      )
    );
  });
}

describe('the search', () => {
  it('says what trying every order says', () => {
    const input = fc.oneof(
      fc.record({ write: fc.integer({ min: 1, max: 2 }) }),
      fc.constant('read' as const),
    );
    const sketch = fc.record({
      input,
      answer: fc.integer({ min: 0, max: 2 }),
      from: fc.double({ min: 0, max: 10, noNaN: true }),
      takes: fc.double({ min: 0.01, max: 6, noNaN: true }),
      isLost: fc.boolean(),
    });
    const seen = { true: 0, false: 0 };
    fc.assert(
      fc.property(fc.array(sketch, { maxLength: 6 }), (sketches) => {
        const history: Registers = sketches.map((s) => {
          if (s.isLost) return lost(s.from, s.input);
          return call(s.from, s.input, s.input === 'read' ? s.answer : 'ok', s.from + s.takes);
        });
        const expected = fitsByForce(history);
        seen[`${expected}`] += 1;
        assert.equal(holds(history), expected);
      }),
      { numRuns: 2_000 },
    );
    assert.ok(seen.true > 200 && seen.false > 200, JSON.stringify(seen));
  });

  it('is done with 400 calls in no time, where few overlap', () => {
    const history: Registers = Array.from({ length: 400 }, (_, n) => {
      if (n % 2 === 0) return call(n, { write: n }, 'ok', n + 2.5);
      return call(n, 'read', n - 1, n + 1.5);
    });
    assert.ok(holds(history));
  });

  it('gives up rather than to search for ever', () => {
    const writes = Array.from({ length: 40 }, (_, n) =>
      call(0, { write: n + 1 }, 'ok' as const, 1),
    );
    assert.throws(() => holds([...writes, call(2, 'read', 99, 3)]), /No verdict on 41 calls/);
  });
});

describe('a history of a stock', () => {
  type Stocks = Operation<StockCall, StockAnswer>[];
  const reserve = (holdId: string) => ({ verb: 'reserve', holdId }) as const;
  const settle = (holdId: string) => ({ verb: 'settle', holdId }) as const;
  const release = (holdId: string) => ({ verb: 'release', holdId }) as const;
  const books = { verb: 'books' } as const;

  const cases: { what: string; is: boolean; history: Stocks; quantity?: number }[] = [
    {
      what: 'of a hold, its repetition, its settling and the books',
      is: true,
      history: [
        call(0, reserve('a'), 'HELD', 1),
        call(2, reserve('a'), 'HELD', 3),
        call(4, settle('a'), 'CLOSED', 5),
        call(6, settle('a'), 'CLOSED', 7),
        call(8, books, '1 = 0 + 0 + 1', 9),
      ],
    },
    {
      what: 'that gives the last unit to two at once',
      is: false,
      history: [call(0, reserve('a'), 'HELD', 2), call(1, reserve('b'), 'HELD', 3)],
    },
    {
      what: 'that gives the last unit to one, and again once that was released',
      is: true,
      history: [
        call(0, reserve('a'), 'HELD', 1),
        call(2, reserve('b'), 'HELD', 6),
        call(3, release('a'), 'true', 5),
      ],
    },
    {
      what: 'that releases one hold twice',
      is: false,
      history: [
        call(0, reserve('a'), 'HELD', 1),
        call(2, release('a'), 'true', 5),
        call(3, release('a'), 'true', 6),
      ],
    },
    {
      what: 'that both settles and releases a hold',
      is: false,
      history: [
        call(0, reserve('a'), 'HELD', 1),
        call(2, settle('a'), 'CLOSED', 3),
        call(4, release('a'), 'true', 5),
      ],
    },
    {
      what: 'that is sold out while units are free',
      is: false,
      history: [call(0, reserve('a'), 'SOLD_OUT', 1)],
    },
    {
      what: 'that is sold out while the last unit may be held by a call without an answer',
      is: true,
      history: [lost(0, reserve('a')), call(1, reserve('b'), 'SOLD_OUT', 2)],
    },
    {
      what: 'that is sold out by a call without an answer which then gives way to another',
      is: false,
      history: [
        lost(0, reserve('a')),
        call(1, reserve('b'), 'SOLD_OUT', 2),
        call(3, reserve('b'), 'HELD', 4),
      ],
    },
    {
      what: 'whose lost release was done after all',
      is: true,
      history: [
        call(0, reserve('a'), 'HELD', 1),
        lost(2, release('a')),
        call(3, books, '1 = 0 + 1 + 0', 4),
        call(5, reserve('b'), 'HELD', 6),
      ],
    },
    {
      what: 'whose operator takes away units that are held',
      is: false,
      history: [
        call(0, reserve('a'), 'HELD', 1),
        call(2, { verb: 'restock', stock: 0 }, 'CHANGED', 3),
      ],
    },
    {
      what: 'whose rest is too small for a claim',
      is: true,
      quantity: 3,
      history: [
        call(0, { verb: 'soldOut' }, 'true', 1),
        call(2, { verb: 'restock', stock: 5 }, 'CHANGED', 3),
        call(4, reserve('a'), 'HELD', 5),
        call(6, reserve('b'), 'SOLD_OUT', 7),
        call(8, books, '5 = 2 + 3 + 0', 9),
      ],
    },
    {
      what: 'that was busy, and did nothing',
      is: true,
      history: [call(0, reserve('a'), 'BUSY', 1), call(2, books, '1 = 1 + 0 + 0', 3)],
    },
  ];
  for (const { what, is, history, quantity = 1 } of cases) {
    it(`${what} ${is ? 'has an order' : 'has none'}`, () => {
      assert.equal(check(history, stockSpec(1, quantity)).isLinearizable, is);
    });
  }

  it('that has no order is shown with the longest that there is', () => {
    const history: Stocks = [
      call(0, reserve('a'), 'HELD', 1),
      call(2, release('a'), 'true', 3),
      call(4, release('a'), 'true', 5),
    ];
    const lines = told(history, check(history, stockSpec(1, 1))).split('\n');
    assert.deepEqual(lines.slice(1), [
      '0..1 {"verb":"reserve","holdId":"a"} → HELD (1)',
      '2..3 {"verb":"release","holdId":"a"} → true (2)',
      '4..5 {"verb":"release","holdId":"a"} → true (–)',
    ]);
  });
});

describe('a recorder', () => {
  it('writes down calls that overlap, and those that end without an answer', async () => {
    const { history, record } = createRecorder<string, string>();
    const first = Promise.withResolvers<string>();
    const slow = record(
      'slow',
      () => first.promise,
      () => false,
    );
    await record(
      'quick',
      async () => 'done',
      () => false,
    );
    const cut = async (): Promise<string> => {
      throw new Error('cut');
    };
    await record('lost', cut, () => true);
    first.resolve('late');
    await slow;
    assert.deepEqual(
      history.map((o) => [o.input, o.answer, o.invokedAt, o.answeredAt]),
      [
        ['slow', 'late', 0, 4],
        ['quick', 'done', 1, 2],
        ['lost', undefined, 3, Number.POSITIVE_INFINITY],
      ],
    );
  });

  it('passes on a failure that says that the caller is wrong', async () => {
    const { record } = createRecorder<string, string>();
    const wrong = async (): Promise<string> => {
      throw new TypeError('no such verb');
    };
    await assert.rejects(
      record('wrong', wrong, () => false),
      TypeError,
    );
  });
});
