/** The provider contract's three verbs over the ledger, and how pending grants end. */
import { isDeepStrictEqual } from 'node:util';
import type { GrantBody, Ledger, LedgerGrant } from './simulator-ledger.ts';
import type { Behaviour } from './simulator-rules.ts';

export interface Reply {
  status: number;
  body?: Record<string, unknown>;
  headers?: Record<string, string>;
}

interface GrantsOptions {
  ledger: Ledger;
  now: () => number;
  /** Runs later, in milliseconds from now, unless the simulator is closed first. */
  later(afterMs: number, work: () => void): void;
  /** A pending grant has ended and its callback is wanted. */
  settled(grantId: string): void;
  /** Whether the `DELETE` of a grant never seen is remembered against a later `POST`. */
  tombstones(): boolean;
}

export interface Grants {
  /** Idempotent by `grantId`: whatever was answered before counts. */
  grant(asked: GrantBody, behaviour: Behaviour): Reply;
  lookup(grantId: string): Reply;
  revoke(grantId: string, behaviour: Behaviour): Reply;
  /** Ends a pending grant now. @returns whether it was pending */
  settle(grantId: string, outcome: 'GRANTED' | 'REFUSED'): boolean;
}

/** The verbs; grants found pending in the ledger go on to their end. */
export function createGrants(options: GrantsOptions): Grants {
  const { ledger, now } = options;
  for (const grant of ledger.all()) if (grant.state === 'PENDING') settleInTime(grant);

  function settleInTime({ grantId, settling }: LedgerGrant): void {
    if (!settling || settling.atMs === null) return;
    options.later(Math.max(0, settling.atMs - now()), () => settle(grantId, settling.outcome));
  }

  function settle(grantId: string, outcome: 'GRANTED' | 'REFUSED'): boolean {
    const grant = ledger.get(grantId);
    if (grant?.state !== 'PENDING') return false;
    const refused = outcome === 'REFUSED' ? { status: 403 } : {};
    ledger.record({ grantId, state: outcome, atMs: now(), ...refused });
    if (grant.settling?.callback) options.settled(grantId);
    return true;
  }

  function first(asked: GrantBody, behaviour: Behaviour): void {
    const entry = { grantId: asked.grantId, atMs: now(), asked };
    if (behaviour.do === 'refuse') {
      ledger.record({ ...entry, state: 'REFUSED', status: behaviour.status });
    } else if (behaviour.do === 'pending') {
      const { outcome, callback, settleAfterMs } = behaviour;
      const atMs = settleAfterMs === null ? null : now() + settleAfterMs;
      ledger.record({ ...entry, state: 'PENDING', settling: { outcome, callback, atMs } });
    } else {
      ledger.record({ ...entry, state: 'GRANTED' });
    }
  }

  return {
    grant(asked, behaviour) {
      const known = ledger.get(asked.grantId);
      if (known?.asked && !isDeepStrictEqual(known.asked, asked)) {
        return problem(422, 'This grant was asked for with another content.');
      }
      if (!known) first(asked, behaviour);
      const grant = ledger.get(asked.grantId);
      if (!known && grant?.state === 'PENDING') settleInTime(grant);
      return replyTo(grant);
    },
    lookup(grantId) {
      const grant = ledger.get(grantId);
      if (!grant) return problem(404, 'This grant was never seen.');
      const why = grant.state === 'REFUSED' ? { detail: REFUSAL } : {};
      return { status: 200, body: { state: grant.state, ...why } };
    },
    revoke(grantId, behaviour) {
      const grant = ledger.get(grantId);
      if (behaviour.do === 'refuseRevoke') return problem(409, 'This grant cannot be revoked.');
      if (grant?.state === 'GRANTED' || grant?.state === 'PENDING') {
        ledger.record({ grantId, state: 'REVOKED', atMs: now() });
      }
      if (grant) return { status: 204 };
      if (options.tombstones()) ledger.record({ grantId, state: 'REVOKED', atMs: now() });
      return problem(404, 'This grant was never seen.');
    },
    settle,
  };
}

const REFUSAL = 'The game refuses this reward for this player.';

function replyTo(grant: LedgerGrant | undefined): Reply {
  if (grant?.state === 'PENDING') return { status: 202, body: { state: 'PENDING' } };
  if (grant?.state === 'REFUSED') return problem(grant.refusedWith ?? 403, REFUSAL);
  if (grant?.state === 'REVOKED') return problem(410, 'This grant was revoked.');
  return { status: 200, body: { state: 'GRANTED' } };
}

/** An answer that is no success; `detail` is for a person. */
export function problem(status: number, detail: string): Reply {
  return { status, body: { title: 'The simulator says no', status, detail } };
}
