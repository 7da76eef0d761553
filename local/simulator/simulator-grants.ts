/** The provider contract's grant, lookup and revoke over the ledger, and the end of pending grants. */
import { isDeepStrictEqual } from 'node:util';
import type { Entry, GrantBody, Ledger, LedgerGrant } from './simulator-ledger.ts';
import type { Behaviour } from './simulator-rules.ts';

/** An HTTP answer of the simulator. */
export interface Reply {
  status: number;
  body?: Record<string, unknown>;
  headers?: Record<string, string>;
}

interface GrantsOptions {
  ledger: Ledger;
  /** The game's clock, in milliseconds since the epoch. */
  now: () => number;
  /** Runs `work` after `afterMs`, unless the simulator is closed before. */
  later(afterMs: number, work: () => void): void;
  /** Called when a pending grant has ended and a callback is to be sent. */
  settled(grantId: string): void;
  /** Whether the `DELETE` of an unknown grant is remembered, so that a later `POST` is refused. */
  tombstones(): boolean;
}

export interface Grants {
  /** Idempotent by `grantId`: the first decision on a grant stays. */
  grant(asked: GrantBody, behaviour: Behaviour): Reply;
  lookup(grantId: string): Reply;
  revoke(grantId: string, behaviour: Behaviour): Reply;
  /** Ends a pending grant now. Returns whether it was pending. */
  settle(grantId: string, outcome: 'GRANTED' | 'REFUSED'): boolean;
}

/** Grants over a ledger. Those that are pending in it go on to their end. */
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

  return {
    grant(asked, behaviour) {
      const known = ledger.get(asked.grantId);
      if (known?.asked && !isDeepStrictEqual(known.asked, asked)) {
        return problem(422, 'This grant was asked for with another content.');
      }
      if (!known) ledger.record(firstEntry(asked, behaviour, now()));
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

/** A grant's first entry. */
function firstEntry(asked: GrantBody, behaviour: Behaviour, nowMs: number): Entry {
  const entry = { grantId: asked.grantId, atMs: nowMs, asked };
  if (behaviour.do === 'refuse') return { ...entry, state: 'REFUSED', status: behaviour.status };
  if (behaviour.do !== 'pending') return { ...entry, state: 'GRANTED' };
  const { outcome, callback, settleAfterMs } = behaviour;
  const atMs = settleAfterMs === null ? null : nowMs + settleAfterMs;
  return { ...entry, state: 'PENDING', settling: { outcome, callback, atMs } };
}

const REFUSAL = 'The game refuses this reward for this player.';

function replyTo(grant: LedgerGrant | undefined): Reply {
  if (grant?.state === 'PENDING') return { status: 202, body: { state: 'PENDING' } };
  if (grant?.state === 'REFUSED') return problem(grant.refusedWith ?? 403, REFUSAL);
  if (grant?.state === 'REVOKED') return problem(410, 'This grant was revoked.');
  return { status: 200, body: { state: 'GRANTED' } };
}

/** An error answer. @param detail for a person */
export function problem(status: number, detail: string): Reply {
  return { status, body: { title: 'The simulator says no', status, detail } };
}
