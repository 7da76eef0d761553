/** The options of every part of the benchmark. */
import type { Figures } from './figures.ts';

export interface BenchOptions {
  /** Little work and few rounds: it shows only that the part runs. */
  isShort: boolean;
  /** Measured rounds. One more comes first, to compile code and open connections. */
  rounds: number;
  /** Folder for CPU profiles of our processes. Without it none are taken. */
  profileDir?: string | undefined;
  /** API processes in a flash (default 1). */
  apis?: number;
  /** In `claims`: also measures a stack that sends every trace. */
  traced?: boolean | undefined;
  /** Takes lines of progress. */
  say: (line: string) => void;
}

/** Measures one part. */
export type Part = (options: BenchOptions) => Promise<Figures>;
