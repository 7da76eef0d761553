/** What every part of the benchmark is told. */
import type { Figures } from './figures.ts';

export interface BenchOptions {
  /** Little work and few rounds: shows that it runs, not how fast. */
  isShort: boolean;
  /** Rounds that count; one more comes first, in which code is compiled and connections are made. */
  rounds: number;
  /** Where the profiles of our processes are put; none are taken without it. */
  profileDir?: string | undefined;
  /** API processes in a flash; one unless it says more. */
  apis?: number;
  /** Takes progress. */
  say: (line: string) => void;
}

export type Part = (options: BenchOptions) => Promise<Figures>;
