/** Carries out the plan's faults at their times, and ends those that last for a while. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Claim } from '../../store/claims/claim-record.ts';
import type { Store } from '../../store/index.ts';
import type { Runs } from './claim-runs.ts';
import type { Answer } from './client.ts';
import type { Game } from './game-client.ts';
import { badDay, MOODS } from './game-moods.ts';
import type { Fault, Plan } from './plan.ts';
import type { Player } from './players.ts';
import type { ChaosStack } from './stack.ts';
import type { ChaosEvent, Staff } from './staff.ts';

export interface InjectorDeps {
  stack: ChaosStack;
  store: Store;
  game: Game;
  runs: Runs;
  staff: Staff;
  players: readonly Player[];
  events: readonly ChaosEvent[];
  seed: number;
  /** Called after each fault, with a text that says what it hit. */
  onDone: (fault: Fault, hit: string) => void;
}

/** How long one fault may retry, in milliseconds: another fault may have stopped what it needs. */
const PATIENCE_MS = 15_000;

/** Pause between two tries of a fault, in milliseconds. */
const PAUSE_MS = 200;

/**
 * A process is hit only after it was ready for this long, in milliseconds. On a slow machine it would
 * otherwise die again and again while it starts, and never at work.
 */
const AT_WORK_MS = 1_500;

/** The beginning of the text for a fault that hit nothing. */
export const MISSED = 'missed: ';

type Of<D extends Fault['do']> = Extract<Fault, { do: D }>;

/** Injects the faults of one plan. Use one injector for one run. */
export class FaultInjector {
  readonly #deps: InjectorDeps;
  readonly #over = new AbortController();
  /** How often a lasting fault was begun on each target. Only the latest one ends it. */
  readonly #begun = new Map<string, number>();

  constructor(deps: InjectorDeps) {
    this.#deps = deps;
  }

  /** Resolves when the plan's time is over and every fault was done or has missed. */
  async run(plan: Plan, signal: AbortSignal): Promise<void> {
    const startMs = performance.now();
    const injections = Promise.all(
      plan.faults.map((fault) => this.#inject(fault, startMs, signal)),
    );
    injections.catch(() => {});
    try {
      await sleep(plan.seconds * 1_000, undefined, { signal });
    } finally {
      // The healing ends what still lasts. A fault that was not done by now has missed.
      this.#over.abort(new Error('the time is over'));
    }
    await injections;
  }

  async #inject(fault: Fault, startMs: number, signal: AbortSignal): Promise<void> {
    await sleep(Math.max(0, startMs + fault.atMs - performance.now()), undefined, { signal });
    const hit = await this.#do(fault).catch((error: Error) => MISSED + error.message);
    this.#deps.onDone(fault, hit);
  }

  async #do(fault: Fault): Promise<string> {
    switch (fault.do) {
      case 'kill':
      case 'freeze':
        return await this.#signal(fault);
      case 'cut':
      case 'hang':
      case 'delay':
        return this.#disturb(fault);
      case 'game':
        return await this.#upset(fault);
      case 'leave':
        return await this.#leave(fault);
      case 'pause':
        return await this.#pause(fault);
      case 'stock':
        return await this.#changeStock(fault);
      case 'cancel':
      case 'terminate':
      case 'reset':
        return await this.#meddle(fault);
      case 'retry':
      case 'abort':
        return await this.#decide(fault);
    }
  }

  /** Ends a lasting fault later, unless a newer one began on the target or the faults are over. */
  #endLater(target: string, forMs: number, end: () => unknown): void {
    const number = (this.#begun.get(target) ?? 0) + 1;
    this.#begun.set(target, number);
    const wait = sleep(forMs, undefined, { signal: this.#over.signal });
    const endIfLatest = () => (this.#begun.get(target) === number ? end() : undefined);
    wait.then(endIfLatest).catch(() => {});
  }

  /** Aborts when this fault has no more time, or when the faults are over. */
  #deadline(): AbortSignal {
    return AbortSignal.any([this.#over.signal, AbortSignal.timeout(PATIENCE_MS)]);
  }

  async #signal(fault: Of<'kill' | 'freeze'>): Promise<string> {
    const { stack } = this.#deps;
    await stack.untilReadyFor(fault.process, AT_WORK_MS);
    const isKill = fault.do === 'kill';
    const pid = stack.signal(fault.process, isKill ? 'SIGKILL' : 'SIGSTOP');
    if (pid === undefined) return `${MISSED}it was down`;
    if (!isKill) {
      this.#endLater(fault.process, fault.forMs, () => stack.signal(fault.process, 'SIGCONT'));
    }
    return `process ${pid}`;
  }

  #disturb(fault: Of<'cut' | 'hang' | 'delay'>): string {
    const wire = this.#deps.stack.wires.get(fault.wire);
    if (fault.do === 'delay') wire.delay(fault.delayMs);
    else wire[fault.do]();
    if (fault.forMs === 0) wire.mend();
    else this.#endLater(fault.wire, fault.forMs, () => wire.mend());
    return '';
  }

  async #upset(fault: Of<'game'>): Promise<string> {
    const { game, seed } = this.#deps;
    await game.behave([...MOODS[fault.mood], badDay(seed)]);
    this.#endLater('game', fault.forMs, () => game.behave([badDay(seed)]));
    return '';
  }

  async #leave(fault: Of<'leave'>): Promise<string> {
    const { staff, players } = this.#deps;
    const { userId } = players[fault.player] as Player;
    const set = async (status: string, signal: AbortSignal) =>
      answerText(await staff.setUserStatus(userId, status, signal));
    const { forMs } = fault;
    try {
      return await set(fault.status, this.#deadline());
    } finally {
      if (forMs !== null) this.#endLater(userId, forMs, () => set('ACTIVE', this.#over.signal));
      else this.#begun.delete(userId);
    }
  }

  async #pause(fault: Of<'pause'>): Promise<string> {
    const { staff, events } = this.#deps;
    const { eventId } = events[fault.event] as ChaosEvent;
    try {
      return answerText(await staff.setEventStatus(eventId, 'PAUSED', this.#deadline()));
    } finally {
      this.#endLater(eventId, fault.forMs, () =>
        staff.setEventStatus(eventId, 'ACTIVE', this.#over.signal),
      );
    }
  }

  async #changeStock(fault: Of<'stock'>): Promise<string> {
    const { staff, events } = this.#deps;
    const { eventId } = events[fault.event] as ChaosEvent;
    return answerText(await staff.changeStock(eventId, fault.by, this.#deadline()));
  }

  async #meddle(fault: Of<'cancel' | 'terminate' | 'reset'>): Promise<string> {
    const claim = await insist(() => this.#target(fault), this.#deadline());
    if (!claim) return `${MISSED}there was no such claim`;
    const { runs } = this.#deps;
    const done = await insist(() => runs.meddle(fault.do, claim), this.#deadline());
    return done ? `${claim._id}, ${claim.state}` : `${MISSED}${claim._id} had not begun`;
  }

  async #decide(fault: Of<'retry' | 'abort'>): Promise<string> {
    const { staff } = this.#deps;
    const { nth } = fault;
    if (nth === 'ALL') return answerText(await staff.decideAll(fault.do, this.#deadline()));
    const parked = () => this.#nthOf({ state: 'NEEDS_ATTENTION' }, nth);
    const claim = await insist(parked, this.#deadline());
    if (!claim) return `${MISSED}no claim was parked`;
    const answer = await staff.decide(claim._id, fault.do, this.#deadline());
    return `${claim._id}: ${answerText(answer)}`;
  }

  /** The claim to meddle with. Any may be reset, also a final one. Others are open, if there is one. */
  async #target({ do: what, nth }: Of<'cancel' | 'terminate' | 'reset'>) {
    if (what === 'reset') return await this.#nthOf({ asked: true }, nth);
    const asked = await this.#nthOf({ open: true, asked: true }, nth);
    return asked ?? (await this.#nthOf({ open: true }, nth));
  }

  async #nthOf(where: object, nth: number): Promise<Claim | undefined> {
    const { model } = this.#deps.store.claims;
    const claims = await model.find(where).sort({ _id: 1 }).lean<Claim[]>();
    return claims[nth % Math.max(1, claims.length)];
  }
}

/** Tries again until it succeeds: another fault may have stopped what it needs. @throws the last error */
async function insist<T>(work: () => Promise<T>, until: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (until.aborted) throw error;
      await sleep(PAUSE_MS, undefined, { signal: until }).catch(() => {});
    }
  }
}

function answerText({ status, body }: Answer): string {
  return status < 300 ? 'done' : `answered ${body.code ?? status}`;
}
