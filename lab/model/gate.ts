/** A read-write lock: many `together`, or one `alone`. Who waits to be alone keeps newcomers out. */
export interface Gate {
  together<T>(work: () => Promise<T>): Promise<T>;
  alone<T>(work: () => Promise<T>): Promise<T>;
}

/** A lock that nobody has. */
export function createGate(): Gate {
  const inside = new Set<Promise<unknown>>();
  let closed: Promise<unknown> | null = null;

  return {
    async together(work) {
      while (closed) await closed;
      const running = work();
      const over = running.then(
        () => {},
        () => {},
      );
      inside.add(over);
      void over.then(() => inside.delete(over));
      return await running;
    },

    async alone(work) {
      while (closed) await closed;
      const { promise, resolve } = Promise.withResolvers<void>();
      closed = promise;
      try {
        await Promise.all(inside);
        return await work();
      } finally {
        closed = null;
        resolve();
      }
    },
  };
}
