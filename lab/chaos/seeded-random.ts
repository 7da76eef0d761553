/** Pseudo-random numbers that are the same for the same seed on every machine. */
import { createHash } from 'node:crypto';

export interface Random {
  /** From 0 up to 1, without 1. */
  fraction(): number;
  /** A whole number from `least` to `most`, both included. */
  int(least: number, most: number): number;
  pick<T>(from: readonly [T, ...T[]]): T;
}

/** @param purpose separates the uses of one seed, so that a change of one does not affect the others */
export function createRandom(seed: number, purpose: string): Random {
  let state = createHash('sha256').update(`${seed}/${purpose}`).digest().readUInt32BE(0);

  /** Mulberry32: one 32-bit state, good enough to spread faults over a minute. */
  function fraction(): number {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
  const int = (least: number, most: number) => least + Math.floor(fraction() * (most - least + 1));

  return { fraction, int, pick: (from) => from[int(0, from.length - 1)] ?? from[0] };
}
