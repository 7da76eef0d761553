/**
 * Whether a history of concurrent operations could have happened one after the other: each at one
 * moment between its invocation and its answer. The search of Wing and Gong ("Testing and Verifying
 * Concurrent Objects", 1993), which remembers where it has been as Lowe does ("Testing for
 * linearizability", 2017).
 */

/** One call. Moments are counted by one clock for all callers; only their order matters. */
export interface Operation<Input, Answer> {
  input: Input;
  /** Undefined where none came. Such a call took effect at any later moment, or never. */
  answer: Answer | undefined;
  invokedAt: number;
  /** Infinity where no answer came. */
  answeredAt: number;
  /** Of a call without an answer: it took effect before this moment or never. */
  until?: number;
}

/** What the same object does when it is called by one caller at a time. */
export interface Spec<State, Input, Answer> {
  initial: State;
  /**
   * The state after the call has taken effect with this answer, null where it cannot. Without an
   * answer: the state after any effect it can have, null where it has none.
   */
  next(state: State, input: Input, answer: Answer | undefined): State | null;
  /** Equal for equal states only. */
  keyOf(state: State): string;
}

/** The longest order that was found to fit, and whether it explains the whole history. */
interface Verdict<Input, Answer> {
  isLinearizable: boolean;
  order: Operation<Input, Answer>[];
}

/** Steps of one search. A history that needs more is too long or has too many calls at once. */
const MAX_STEPS = 2_000_000;

/** A call's invocation or its answer, in a list of both ordered by time. */
interface Entry<Input, Answer> {
  operation: Operation<Input, Answer>;
  bit: bigint;
  /** Null at an answer. */
  answer: Entry<Input, Answer> | null;
  isInvocation: boolean;
  before: Entry<Input, Answer> | null;
  after: Entry<Input, Answer> | null;
}

function entriesOf<I, A>(operation: Operation<I, A>, n: number): Entry<I, A>[] {
  const common = { operation, bit: 1n << BigInt(n), before: null, after: null };
  const answer = { ...common, isInvocation: false, answer: null };
  if (operation.answeredAt === Number.POSITIVE_INFINITY) {
    return [{ ...common, isInvocation: true, answer: null }];
  }
  return [{ ...common, isInvocation: true, answer }, answer];
}

const momentOf = <I, A>({ operation, isInvocation }: Entry<I, A>): number =>
  isInvocation ? operation.invokedAt : operation.answeredAt;

/** Chains the entries in the order of time, behind one that stands for the beginning. */
function chained<I, A>(history: Operation<I, A>[]): { after: Entry<I, A> | null } {
  const entries = history.flatMap(entriesOf).toSorted((a, b) => momentOf(a) - momentOf(b));
  entries.forEach((entry, n) => {
    entry.before = entries[n - 1] ?? null;
    entry.after = entries[n + 1] ?? null;
  });
  return { after: entries[0] ?? null };
}

type Head<I, A> = { after: Entry<I, A> | null };

function takeOut<I, A>(head: Head<I, A>, entry: Entry<I, A>): void {
  (entry.before ?? head).after = entry.after;
  if (entry.after) entry.after.before = entry.before;
}

function putBack<I, A>(head: Head<I, A>, entry: Entry<I, A>): void {
  (entry.before ?? head).after = entry;
  if (entry.after) entry.after.before = entry;
}

/**
 * Searches for an order of the calls that fits both time and the specification.
 * @throws Error where the search takes too long to say
 */
export function check<State, Input, Answer>(
  history: Operation<Input, Answer>[],
  spec: Spec<State, Input, Answer>,
): Verdict<Input, Answer> {
  type E = Entry<Input, Answer>;
  const head = chained(history);
  const path: { entry: E; state: State }[] = [];
  const seen = new Set<string>();
  let longest: E[] = [];
  let unexplained = history.filter((o) => o.answeredAt !== Number.POSITIVE_INFINITY).length;
  let state = spec.initial;
  let done = 0n;

  /** The state after the call as the next one, null where it cannot be or has been tried. */
  function stateAfter({ operation, bit }: E): State | null {
    const { until } = operation;
    if (until !== undefined && path.some((p) => p.entry.operation.invokedAt > until)) return null;
    const next = spec.next(state, operation.input, operation.answer);
    if (next === null) return null;
    const place = `${(done | bit).toString(36)} ${spec.keyOf(next)}`;
    if (seen.has(place)) return null;
    seen.add(place);
    return next;
  }

  function goForward(entry: E, next: State): void {
    path.push({ entry, state });
    state = next;
    done |= entry.bit;
    takeOut(head, entry);
    if (!entry.answer) return;
    takeOut(head, entry.answer);
    unexplained -= 1;
  }

  /** Undoes the latest step; the search goes on behind it. */
  function goBack(last: { entry: E; state: State }): E | null {
    const { entry } = last;
    state = last.state;
    done &= ~entry.bit;
    if (entry.answer) {
      putBack(head, entry.answer);
      unexplained += 1;
    }
    putBack(head, entry);
    return entry.after;
  }

  let at = head.after;
  for (let steps = 0; unexplained > 0; steps++) {
    if (steps > MAX_STEPS) throw new Error(`No verdict on ${history.length} calls in time`);
    const next = at?.isInvocation ? stateAfter(at) : null;
    if (at && next !== null) {
      goForward(at, next);
      if (path.length > longest.length) longest = path.map(({ entry }) => entry);
      at = head.after;
    } else if (at?.isInvocation) {
      at = at.after;
    } else {
      // Here a call was answered that has no place in this order.
      const last = path.pop();
      if (!last) break;
      at = goBack(last);
    }
  }
  const order = longest.map(({ operation }) => operation);
  return { isLinearizable: unexplained === 0, order };
}

/** Writes a history down while it happens. */
export function createRecorder<Input, Answer>() {
  const history: Operation<Input, Answer>[] = [];
  let moments = 0;
  return {
    history,

    /** Makes the call. One that fails in a way that says nothing of its effect has no answer. */
    async record(
      input: Input,
      call: () => Promise<Answer>,
      saysNothing: (error: unknown) => boolean,
    ): Promise<void> {
      const answeredAt = Number.POSITIVE_INFINITY;
      const operation: Operation<Input, Answer> = {
        input,
        answer: undefined,
        invokedAt: moments++,
        answeredAt,
      };
      history.push(operation);
      try {
        operation.answer = await call();
        operation.answeredAt = moments++;
      } catch (error) {
        if (!saysNothing(error)) throw error;
      }
    },
  };
}

/** A history to read, call by call with its moments, and how much of it fits in some order. */
export function told<I, A>(history: Operation<I, A>[], { order }: Verdict<I, A>): string {
  const places = new Map(order.map((operation, n) => [operation, n + 1]));
  const lines = history.map((o) => {
    const place = places.get(o) ?? '–';
    return `${o.invokedAt}..${o.answeredAt} ${JSON.stringify(o.input)} → ${o.answer ?? 'no answer'} (${place})`;
  });
  return ['No order explains these calls (in brackets: the longest that fits):', ...lines].join(
    '\n',
  );
}
