/** A saga's compensations: registered before the step they undo, run last-in first-out. */

export interface Compensations {
  /** Call it before the step is tried: a step that failed halfway must be undone too. */
  register(compensate: () => Promise<void>): void;
  /** Runs what is registered, the latest first, each to its end before the next. */
  run(): Promise<void>;
}

/**
 * Compensations of one run. They run in the scope of their caller, which must not be cancellable.
 * Each is a no-op where its step never ran, and retries on its own until it is done.
 */
export function createCompensations(): Compensations {
  const registered: (() => Promise<void>)[] = [];
  return {
    register(compensate) {
      registered.push(compensate);
    },
    async run() {
      for (let next = registered.pop(); next; next = registered.pop()) await next();
    },
  };
}
