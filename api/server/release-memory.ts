/**
 * Giving memory back after a crowd. V8 lets its heap grow with what comes, and where nothing comes
 * any more it collects nothing: what ten thousand players left behind would stay until the next.
 */
import { type EventLoopUtilization, performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** A process below this share of its time is at rest: a pause of some 300 ms keeps few waiting. */
const REST = 0.25;
const LOOKS_AT_REST = 3;
const LOOK_EVERY_MS = 1_000;

interface MemoryRelease {
  /** Collects once the process is at rest; asked again before that, it is the same once. */
  soon(): void;
  stop(): void;
}

interface MemoryReleaseOptions {
  collect?: () => void;
  /** The share of the time since `since` in which the event loop had something to do. */
  utilization?: (since?: EventLoopUtilization) => EventLoopUtilization;
}

export function createMemoryRelease(options: MemoryReleaseOptions = {}): MemoryRelease {
  const { collect = collectAll, utilization = eventLoopUtilization } = options;
  let looking: NodeJS.Timeout | undefined;

  function stop(): void {
    clearInterval(looking);
    looking = undefined;
  }

  return {
    soon() {
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

/** Everything that can be collected, and the pages it lay in back to the system. */
function collectAll(): void {
  // Node shows the collector only to whoever asked for it at its start, or like this.
  setFlagsFromString('--expose-gc');
  const collector = runInNewContext('gc') as NodeJS.GCFunction;
  setFlagsFromString('--no-expose-gc');
  collector({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
