/**
 * A saga's compensations. Each is registered before the step that it undoes; the last one runs
 * first.
 */

export type Compensations = ReturnType<typeof createCompensations>;

/**
 * The compensations of one run. They run in the caller's cancellation scope, which must not be
 * cancellable. Each does nothing if its step never ran, and retries by itself until it is done.
 */
export function createCompensations() {
  const registered: (() => Promise<void>)[] = [];
  return {
    /** Call this before the step begins: a step that failed halfway must be undone too. */
    register(compensate: () => Promise<void>): void {
      registered.push(compensate);
    },
    /** Runs all compensations, the last one first. Each ends before the next begins. */
    async run(): Promise<void> {
      for (let next = registered.pop(); next; next = registered.pop()) await next();
    },
  };
}
