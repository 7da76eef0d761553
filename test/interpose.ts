/**
 * A test steps in between a claim's activities and what they call: the next such call for the claim is
 * held back, or done with its answer lost, or watched.
 */
import { mongo } from 'mongoose';
import type { ActivityDeps } from '../activities/deps.ts';

type Verb = (...args: never[]) => unknown;
type Verbs<T> = { [K in keyof T]: T[K] extends Verb ? K & string : never }[keyof T];

/** A call as activities see it, such as `stock.settle` or `provider.revoke`. */
export type Call =
  | `claims.${Verbs<ActivityDeps['claims']>}`
  | `stock.${Verbs<ActivityDeps['stock']>}`
  | `provider.${'grant' | 'lookup' | 'revoke'}`;

/** Stands in for a call; `proceed` does it. */
type Instead = (proceed: () => Promise<unknown>) => Promise<unknown>;

export interface HeldCall {
  /** Resolves once the claim has come there. */
  reached: Promise<void>;
  /** Lets the call go on. */
  open(): void;
  /** Resolves once the call is over, however it went. */
  done: Promise<void>;
}

/** What the driver throws when a connection breaks while an answer is awaited. */
export function connectionBroke(): Error {
  return new mongo.MongoNetworkError('connection 7 to 127.0.0.1:27017 closed');
}

/** The claim that the arguments of a call are about. */
const claimIn = (args: unknown): string => /clm_[0-9a-f]{40}/.exec(JSON.stringify(args))?.[0] ?? '';

export function createInterposer() {
  const planned = new Map<string, Instead>();
  const held = new Set<() => void>();

  /** The same verbs, each of which first looks whether something else is planned for it. */
  function wrap<T extends object>(group: string, verbs: T): T {
    return new Proxy(verbs, {
      get(target, name) {
        const verb: unknown = Reflect.get(target, name);
        if (typeof verb !== 'function') return verb;
        return (...args: unknown[]) => {
          const key = `${group}.${String(name)} ${claimIn(args)}`;
          const instead = planned.get(key);
          planned.delete(key);
          const proceed = () => verb.apply(target, args);
          return instead ? instead(proceed) : proceed();
        };
      },
    });
  }

  /** Plans something for the claim's next such call; the claim need not exist yet. */
  function next(call: Call, claimId: string, instead: Instead): void {
    planned.set(`${call} ${claimId}`, instead);
  }

  function holdAt(call: Call, claimId: string, when: 'BEFORE' | 'AFTER'): HeldCall {
    const reached = Promise.withResolvers<void>();
    const opened = Promise.withResolvers<void>();
    const done = Promise.withResolvers<void>();
    held.add(opened.resolve);
    const wait = async () => {
      reached.resolve();
      await opened.promise;
    };
    next(call, claimId, async (proceed) => {
      try {
        if (when === 'BEFORE') await wait();
        return await proceed();
      } finally {
        if (when === 'AFTER') await wait();
        done.resolve();
      }
    });
    return { reached: reached.promise, open: opened.resolve, done: done.promise };
  }

  return {
    next,

    /** The next such call is done, and its answer lost. */
    lose(call: Call, claimId: string): void {
      next(call, claimId, async (proceed) => {
        await proceed();
        throw connectionBroke();
      });
    },

    /** The next such call waits to be let on. */
    hold: (call: Call, claimId: string): HeldCall => holdAt(call, claimId, 'BEFORE'),

    /** The next such call is done, and its answer, or its error, waits to be let on. */
    holdAnswer: (call: Call, claimId: string): HeldCall => holdAt(call, claimId, 'AFTER'),

    /** Lets every call go on that is still held: a worker waits for them before it stops. */
    openAll(): void {
      for (const open of held) open();
    },

    /** Whether what was planned for the call has not come up yet. */
    isPlanned: (call: Call, claimId: string): boolean => planned.has(`${call} ${claimId}`),

    /** What activities are given. */
    around(deps: ActivityDeps): ActivityDeps {
      return {
        ...deps,
        claims: wrap('claims', deps.claims),
        stock: wrap('stock', deps.stock),
        provider(name) {
          const provider = deps.provider(name);
          return provider && wrap('provider', provider);
        },
      };
    },
  };
}
