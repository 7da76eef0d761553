/** What the stock of one reward does for one caller at a time: its levels and its holds. */
import type { StockLevels } from '../store/stock/stock.ts';
import type { Spec } from './linearizability.ts';

export type StockCall =
  /** Units set aside for one line; repeated, the same units. */
  | { verb: 'reserve'; holdId: string }
  /** A hold becomes a grant, or its units are free again. */
  | { verb: 'settle' | 'release'; holdId: string }
  | { verb: 'books' }
  | { verb: 'soldOut' }
  /** An operator sets how many units there are in all. */
  | { verb: 'restock'; stock: number };

/** `HELD`, `SOLD_OUT`, `BUSY`, `CLOSED`, `true`, `false`, `CHANGED`, `TOO_LOW`, or books spelled out. */
export type StockAnswer = string;

interface Shelf {
  stock: number;
  available: number;
  granted: number;
  /** In the order of their IDs. */
  holds: readonly string[];
}

/** `5 = 3 + 1 + 1`: stock, available, held, granted. */
export const spelled = ({
  stock,
  available,
  held,
  granted,
}: Omit<StockLevels, 'rewardId'>): string => `${stock} = ${available} + ${held} + ${granted}`;

type Outcome = { answer: StockAnswer; shelf: Shelf };

function reserve(shelf: Shelf, holdId: string, quantity: number): Outcome {
  if (shelf.holds.includes(holdId)) return { answer: 'HELD', shelf };
  if (shelf.available < quantity) return { answer: 'SOLD_OUT', shelf };
  const holds = [...shelf.holds, holdId].toSorted();
  return { answer: 'HELD', shelf: { ...shelf, holds, available: shelf.available - quantity } };
}

function close(
  shelf: Shelf,
  holdId: string,
  to: 'granted' | 'available',
  quantity: number,
): Outcome {
  if (!shelf.holds.includes(holdId)) return { answer: 'false', shelf };
  const holds = shelf.holds.filter((other) => other !== holdId);
  return { answer: 'true', shelf: { ...shelf, holds, [to]: shelf[to] + quantity } };
}

function restock(shelf: Shelf, stock: number): Outcome {
  const taken = shelf.stock - shelf.available;
  if (stock < taken) return { answer: 'TOO_LOW', shelf };
  if (stock === shelf.stock) return { answer: 'CHANGED', shelf };
  return { answer: 'CHANGED', shelf: { ...shelf, stock, available: stock - taken } };
}

function outcomeOf(shelf: Shelf, call: StockCall, quantity: number): Outcome {
  switch (call.verb) {
    case 'reserve':
      return reserve(shelf, call.holdId, quantity);
    case 'settle':
      // It does not tell whether there was one to settle.
      return { ...close(shelf, call.holdId, 'granted', quantity), answer: 'CLOSED' };
    case 'release':
      return close(shelf, call.holdId, 'available', quantity);
    case 'restock':
      return restock(shelf, call.stock);
    case 'soldOut':
      return { answer: `${shelf.available < quantity}`, shelf };
    case 'books':
      return { answer: spelled({ ...shelf, held: shelf.holds.length * quantity }), shelf };
  }
}

/**
 * One reward of so many units, of which a claim takes `quantity`. However many buckets the units
 * lie in, to callers it is one stock: `SOLD_OUT` may be said only at a moment when the units that
 * are free in all are too few for a claim. `BUSY` says nothing but that nothing was done.
 */
export function stockSpec(
  stock: number,
  quantity: number,
): Spec<Shelf, StockCall, StockAnswer> & { initial: Shelf } {
  return {
    initial: { stock, available: stock, granted: 0, holds: [] },
    next(before, call, answer) {
      if (answer === 'BUSY') return call.verb === 'reserve' ? before : null;
      const { answer: right, shelf } = outcomeOf(before, call, quantity);
      if (answer === undefined) return shelf === before ? null : shelf;
      return answer === right ? shelf : null;
    },
    keyOf: ({ stock: units, available, granted, holds }) =>
      [units, available, granted, ...holds].join(' '),
  };
}
