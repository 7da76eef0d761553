/** Lets many pass side by side, and one alone: who wants to be alone waits until nobody is inside. */
interface Gate {
  together<T>(work: () => Promise<T>): Promise<T>;
  alone<T>(work: () => Promise<T>): Promise<T>;
}

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
