/**
 * A process that stops work on one claim at a chosen point of its path. Every dependency is wrapped,
 * whatever it is, so that a new store or verb cannot be missed.
 */
import { isPromise } from 'node:util/types';

/** `before stock.settle`: never called. `after stock.settle`: done, and its answer never heard. */
interface Mortality {
  /** The claim that the running call is for, where it is for one. */
  claimOf(args: unknown[]): string | undefined;
  /** Where that claim stops. */
  pointOf(claimId: string): string | undefined;
  /** Whether the claim has stopped: nothing more happens for it. */
  isDead(claimId: string): boolean;
  /** Called when the claim reaches its point. */
  onReached(claimId: string): void;
  /** Called for each call that leaves this process. */
  onCall(claimId: string, call: string): void;
}

type Verb = (...args: unknown[]) => unknown;

export function createMortal(mortality: Mortality) {
  /** Calls that are answered at once: they do nothing outside of the process. */
  const immediate = new Set<string>();

  /** Never comes back. */
  async function die(claimId: string): Promise<never> {
    if (!mortality.isDead(claimId)) mortality.onReached(claimId);
    return await new Promise<never>(() => {});
  }

  async function answered(claimId: string, call: string, answer: Promise<unknown>) {
    mortality.onCall(claimId, call);
    const point = mortality.pointOf(claimId);
    await answer.catch(() => {});
    if (mortality.isDead(claimId) || point === `after ${call}`) return await die(claimId);
    return await answer;
  }

  function wrapVerb(call: string, verb: Verb): Verb {
    return (...args) => {
      const claimId = mortality.claimOf(args);
      if (claimId === undefined) return verb(...args);
      const isStopped = mortality.isDead(claimId) && !immediate.has(call);
      if (isStopped || mortality.pointOf(claimId) === `before ${call}`) return die(claimId);
      const answer = verb(...args);
      if (isPromise(answer)) return answered(claimId, call, answer);
      immediate.add(call);
      return wrap(call, answer);
    };
  }

  /** The same thing, and whatever it holds or answers, under that name. */
  function wrap<T>(name: string, part: T): T {
    if (typeof part === 'function') return wrapVerb(name, part as unknown as Verb) as T;
    if (!isPlain(part)) return part;
    return new Proxy(part, {
      get(target, key) {
        const member: unknown = Reflect.get(target, key);
        const own = typeof member === 'function' ? member.bind(target) : member;
        return typeof key === 'symbol' ? own : wrap(`${name}.${key}`, own);
      },
    });
  }

  return {
    /** Each of the parts, under its own name: `stock.settle`, `provider.grant`. */
    around<T extends object>(parts: T): T {
      const wrapped = Object.entries(parts).map(([name, part]) => [name, wrap(name, part)]);
      return Object.fromEntries(wrapped);
    },
  };
}

function isPlain(part: unknown): part is object {
  return (
    typeof part === 'object' && part !== null && Object.getPrototypeOf(part) === Object.prototype
  );
}

const holdsVerbs = (part: unknown): boolean =>
  isPlain(part) &&
  Object.values(part).some((member) => typeof member === 'function' || holdsVerbs(member));

/** The names of those parts that hold verbs: `stock`, but not `now`. */
export function groupsIn(parts: object): string[] {
  return Object.entries(parts).flatMap(([name, part]) => (holdsVerbs(part) ? [name] : []));
}
