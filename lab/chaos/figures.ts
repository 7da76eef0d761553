/** A chaos run in numbers. */
import type { Mended } from '../../domain/claims/reconciliation.ts';
import type { Facts } from './facts.ts';
import type { Fault, ProcessName } from './plan.ts';

export interface Figures {
  seed: number;
  /** Claims that were accepted by an answer to the player. */
  accepted: number;
  granted: number;
  rejected: number;
  failed: number;
  /** Claims refused before one existed: sold out, paused, claimed already, the player left. */
  refused: number;
  /** Claims that were parked at least once. */
  parked: number;
  killedApis: number;
  killedWorkers: number;
  killedMongod: number;
  killedTemporal: number;
  /** Wires cut, hung or delayed. */
  disturbed: number;
  frozen: number;
  /** Runs cancelled, terminated or reset. */
  meddled: number;
  /** What reconciliation repaired. */
  mended: number;
  /** From the last fault's end until every claim was final, in milliseconds. */
  healedMs: number;
  differences: number;
}

/** A fault that was injected, and whether it hit anything. */
export interface Done {
  fault: Fault;
  hit: boolean;
}

/** The figures of a run, from its facts and its injected faults. */
export function figuresOf(
  facts: Facts,
  run: {
    seed: number;
    done: readonly Done[];
    mended: Mended;
    healedMs: number;
    differences: number;
  },
): Figures {
  const { seed, healedMs, differences } = run;
  const hits = run.done.filter(({ hit }) => hit).map(({ fault }) => fault);
  const count = (...kinds: Fault['do'][]) => hits.filter((f) => kinds.includes(f.do)).length;
  const killed = (...names: ProcessName[]) =>
    hits.filter((f) => f.do === 'kill' && names.includes(f.process)).length;
  const inState = (state: string) => facts.claims.filter((c) => c.state === state).length;
  return {
    seed,
    accepted: facts.stories.filter((story) => story.told.length > 0).length,
    granted: inState('GRANTED'),
    rejected: inState('REJECTED'),
    failed: inState('FAILED'),
    refused: facts.stories.filter((story) => story.told.length === 0).length,
    parked: facts.claims.filter((claim) => claim.parking !== null).length,
    killedApis: killed('api-1', 'api-2'),
    killedWorkers: killed('worker-1', 'worker-2'),
    killedMongod: killed('mongod'),
    killedTemporal: killed('temporal'),
    disturbed: count('cut', 'hang', 'delay'),
    frozen: count('freeze'),
    meddled: count('cancel', 'terminate', 'reset'),
    mended: Object.values(run.mended).reduce((total, n) => total + n, 0),
    healedMs,
    differences,
  };
}
