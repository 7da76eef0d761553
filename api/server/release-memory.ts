/**
 * Gives memory back after a crowd. V8's heap grows with the load, and an idle process collects
 * nothing: the garbage of ten thousand requests would stay until the next crowd.
 */
import { type EventLoopUtilization, performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * A process whose event loop is busy for a smaller share of the time is at rest: then the
 * collection's pause of some 300 ms delays few requests.
 */
const REST = 0.25;
/** It must be at rest in so many looks in a row. */
const LOOKS_AT_REST = 3;
/** How often it looks, in milliseconds. */
const LOOK_EVERY_MS = 1_000;

interface MemoryReleaseOptions {
  /** A double for the collection. */
  collect?: () => void;
  /** How busy the event loop was since `since`. */
  utilization?: (since?: EventLoopUtilization) => EventLoopUtilization;
}

/** Memory release for one process; the options are for tests. */
export function createMemoryRelease(options: MemoryReleaseOptions = {}) {
  const { collect = collectAll, utilization = eventLoopUtilization } = options;
  let looking: NodeJS.Timeout | undefined;

  /** Stops waiting for the process to be at rest. */
  function stop(): void {
    clearInterval(looking);
    looking = undefined;
  }

  return {
    /** Collects once the process is at rest. Calls before that are one with it. */
    soon(): void {
      if (looking) return;
      let atRest = 0;
      let last = utilization();
      looking = setInterval(() => {
        const { utilization: share } = utilization(last);
        last = utilization();
        atRest = share < REST ? atRest + 1 : 0;
        if (atRest < LOOKS_AT_REST) return;
        stop();
        collect();
      }, LOOK_EVERY_MS).unref();
    },
    stop,
  };
}

const eventLoopUtilization = (since?: EventLoopUtilization) =>
  performance.eventLoopUtilization(since);

/** Collects all garbage, and gives the free pages back to the operating system. */
function collectAll(): void {
  // Node exposes `gc` only with a flag, which can also be set while it runs.
  setFlagsFromString('--expose-gc');
  const collector = runInNewContext('gc') as NodeJS.GCFunction;
  setFlagsFromString('--no-expose-gc');
  collector({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
