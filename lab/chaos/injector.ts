/** Does what the plan says, at its time, and undoes what lasts for a while when that is over. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Claim } from '../../store/claims/claim-record.ts';
import type { Store } from '../../store/index.ts';
import type { Answer } from './client.ts';
import type { Game } from './game.ts';
import { badDay, MOODS } from './moods.ts';
import type { Fault, Plan } from './plan.ts';
import type { Player } from './players.ts';
import type { Runs } from './runs.ts';
import type { ChaosStack } from './stack.ts';
import type { ChaosEvent, Staff } from './staff.ts';

interface InjectorDeps {
  stack: ChaosStack;
  store: Store;
  game: Game;
  runs: Runs;
  staff: Staff;
  players: readonly Player[];
  events: readonly ChaosEvent[];
  seed: number;
  /** Told of each fault that was done, and what it hit. */
  onDone: (fault: Fault, hit: string) => void;
}

/** How long one fault may try to reach what it needs: that may be down by another. */
const PATIENCE_MS = 15_000;

const PAUSE_MS = 200;

/**
 * A process is hit once it has been ready for so long: on a slow machine it would otherwise die
 * over and over while it starts, and never at work.
 */
const AT_WORK_MS = 1_500;

/** How the words on a fault begin that hit nothing. */
export const MISSED = 'missed: ';

type Of<D extends Fault['do']> = Extract<Fault, { do: D }>;

export function createInjector(deps: InjectorDeps) {
  const { stack, store, game, runs, staff, events, players } = deps;
  const over = new AbortController();
  /** Whoever touched a thing last also ends it. */
  const turns = new Map<string, number>();
  const soon = () => AbortSignal.any([over.signal, AbortSignal.timeout(PATIENCE_MS)]);

  /** Ends something after a while, unless it was begun anew meanwhile or the faults are over. */
  function endLater(thing: string, forMs: number, end: () => unknown): void {
    const turn = (turns.get(thing) ?? 0) + 1;
    turns.set(thing, turn);
    const wait = sleep(forMs, undefined, { signal: over.signal });
    const endIfOurs = () => (turns.get(thing) === turn ? end() : undefined);
    wait.then(endIfOurs).catch(() => {});
  }

  async function signalled(fault: Of<'kill' | 'freeze'>): Promise<string> {
    await stack.untilReadyFor(fault.process, AT_WORK_MS);
    const isKill = fault.do === 'kill';
    const pid = stack.signal(fault.process, isKill ? 'SIGKILL' : 'SIGSTOP');
    if (pid === undefined) return `${MISSED}it was down`;
    if (!isKill) {
      endLater(fault.process, fault.forMs, () => stack.signal(fault.process, 'SIGCONT'));
    }
    return `process ${pid}`;
  }

  function disturb(fault: Of<'cut' | 'hang' | 'delay'>): string {
    const wire = stack.wires.get(fault.wire);
    if (fault.do === 'delay') wire.delay(fault.delayMs);
    else wire[fault.do]();
    if (fault.forMs === 0) wire.mend();
    else endLater(fault.wire, fault.forMs, () => wire.mend());
    return '';
  }

  async function upset(fault: Of<'game'>): Promise<string> {
    await game.behave([...MOODS[fault.mood], badDay(deps.seed)]);
    endLater('game', fault.forMs, () => game.behave([badDay(deps.seed)]));
    return '';
  }

  async function leave(fault: Of<'leave'>): Promise<string> {
    const { userId } = players[fault.player] as Player;
    const set = async (status: string, signal: AbortSignal) =>
      told(await staff.setUserStatus(userId, status, signal));
    const { forMs } = fault;
    try {
      return await set(fault.status, soon());
    } finally {
      if (forMs !== null) endLater(userId, forMs, () => set('ACTIVE', over.signal));
      else turns.delete(userId);
    }
  }

  async function pause(fault: Of<'pause'>): Promise<string> {
    const { eventId } = events[fault.event] as ChaosEvent;
    try {
      return told(await staff.setEventStatus(eventId, 'PAUSED', soon()));
    } finally {
      endLater(eventId, fault.forMs, () => staff.setEventStatus(eventId, 'ACTIVE', over.signal));
    }
  }

  async function changeStock(fault: Of<'stock'>): Promise<string> {
    const { eventId } = events[fault.event] as ChaosEvent;
    return told(await staff.changeStock(eventId, fault.by, soon()));
  }

  async function meddle(fault: Of<'cancel' | 'terminate' | 'reset'>): Promise<string> {
    const claim = await insisting(() => target(fault), soon());
    if (!claim) return `${MISSED}there was no such claim`;
    const done = await insisting(() => runs.meddle(fault.do, claim), soon());
    return done ? `${claim._id}, ${claim.state}` : `${MISSED}${claim._id} had not begun`;
  }

  async function decide(fault: Of<'retry' | 'abort'>): Promise<string> {
    const { nth } = fault;
    if (nth === 'ALL') return told(await staff.decideAll(fault.do, soon()));
    const claim = await insisting(() => nthOf({ state: 'NEEDS_ATTENTION' }, nth), soon());
    if (!claim) return `${MISSED}no claim was parked`;
    return `${claim._id}: ${told(await staff.decide(claim._id, fault.do, soon()))}`;
  }

  /** Runs are reset of claims that have ended, too; what is cancelled had better be under way. */
  async function target({ do: what, nth }: Of<'cancel' | 'terminate' | 'reset'>) {
    if (what === 'reset') return await nthOf({ asked: true }, nth);
    return (await nthOf({ open: true, asked: true }, nth)) ?? (await nthOf({ open: true }, nth));
  }

  async function nthOf(where: object, nth: number): Promise<Claim | undefined> {
    const claims = await store.claims.model.find(where).sort({ _id: 1 }).lean<Claim[]>();
    return claims[nth % Math.max(1, claims.length)];
  }

  async function doIt(fault: Fault): Promise<string> {
    switch (fault.do) {
      case 'kill':
      case 'freeze':
        return await signalled(fault);
      case 'cut':
      case 'hang':
      case 'delay':
        return disturb(fault);
      case 'game':
        return await upset(fault);
      case 'leave':
        return await leave(fault);
      case 'pause':
        return await pause(fault);
      case 'stock':
        return await changeStock(fault);
      case 'cancel':
      case 'terminate':
      case 'reset':
        return await meddle(fault);
      case 'retry':
      case 'abort':
        return await decide(fault);
    }
  }

  async function inject(fault: Fault, startMs: number, signal: AbortSignal): Promise<void> {
    await sleep(Math.max(0, startMs + fault.atMs - performance.now()), undefined, { signal });
    const hit = await doIt(fault).catch((error: Error) => MISSED + error.message);
    deps.onDone(fault, hit);
  }

  return {
    /** Resolves when the plan's time is over and each of its faults was done or has missed. */
    async run(plan: Plan, signal: AbortSignal): Promise<void> {
      const startMs = performance.now();
      const injections = Promise.all(plan.faults.map((fault) => inject(fault, startMs, signal)));
      injections.catch(() => {});
      try {
        await sleep(plan.seconds * 1_000, undefined, { signal });
      } finally {
        // What lasts is ended by the healing; what could not be done in time has missed.
        over.abort(new Error('the time is over'));
      }
      await injections;
    },
  };
}

/** Tries again, as what is needed may be down by another fault. @throws the last error */
async function insisting<T>(work: () => Promise<T>, until: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (until.aborted) throw error;
      await sleep(PAUSE_MS, undefined, { signal: until }).catch(() => {});
    }
  }
}

function told({ status, body }: Answer): string {
  return status < 300 ? 'done' : `answered ${body.code ?? status}`;
}
