/**
 * Metrics of what is in the database. They are read when `/metrics` is, so that every API process
 * shows the same, and a restart does not begin at zero. A gauge that cannot be read is left out:
 * the others are needed most just then.
 */
import { Gauge, type Registry } from 'prom-client';
import { CLAIM_STATES, isFinal } from '../domain/claims/claim.ts';
import type { Mended } from '../domain/claims/reconciliation.ts';
import type { OpenClaims } from '../store/claims/open-claims.ts';
import type { Reconciliation } from '../store/reconciliations.ts';
import { sharedFor } from './http/shared-answers.ts';

/** What is read from the database. */
interface StoreReads {
  /** How much reconciliation ever mended, by kind. */
  mended(): Promise<Mended>;
  /** The last pass of reconciliation; null if there was none in a week. */
  lastPass(): Promise<Reconciliation | null>;
  /** The open claims, counted. */
  openClaims(): Promise<OpenClaims[]>;
}

/** In milliseconds. Counting claims costs more than the rest, and Prometheus asks less often. */
const AGE_MS = 5_000;

const OPEN_STATES = CLAIM_STATES.filter((state) => !isFinal(state));

type Show = (
  name: string,
  help: string,
  labelNames: string[],
  read: (gauge: Gauge) => Promise<void>,
) => void;

/** Makes gauges that are read when they are shown, and left out if they cannot be. */
const gaugesIn =
  (registry: Registry): Show =>
  (name, help, labelNames, read) => {
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      async collect() {
        if (labelNames.length > 0) this.reset();
        // `reset` would set a gauge without labels to 0.
        else this.remove();
        await read(this).catch(() => {});
      },
    });
  };

/**
 * The gauges of claims, reconciliation and stock.
 * @param ageMs how long one reading is used, in milliseconds; five seconds unless given
 */
export function observeStore(registry: Registry, reads: StoreReads, ageMs: number = AGE_MS): void {
  const show = gaugesIn(registry);
  showReconciliation(show, { ...reads, lastPass: sharedFor(ageMs, reads.lastPass) });
  showOpenClaims(show, sharedFor(ageMs, reads.openClaims));
}

function showReconciliation(
  show: Show,
  { mended, lastPass }: Pick<StoreReads, 'mended' | 'lastPass'>,
): void {
  show(
    'laurel_reconciliation_mended_total',
    'Things that reconciliation mended, ever.',
    ['kind'],
    async (gauge) => {
      for (const [kind, count] of Object.entries(await mended())) gauge.set({ kind }, count);
    },
  );
  show(
    'laurel_reconciliation_last_pass_timestamp_seconds',
    'When the last pass of reconciliation ended.',
    [],
    async (gauge) => {
      const last = await lastPass();
      if (last) gauge.set(last.endedAt.getTime() / 1_000);
    },
  );
  show(
    'laurel_stock_unbalanced',
    'Stock documents whose numbers did not add up in the last pass of reconciliation.',
    [],
    async (gauge) => {
      const last = await lastPass();
      if (last) gauge.set(last.unbalanced.length);
    },
  );
}

function showOpenClaims(show: Show, read: StoreReads['openClaims']): void {
  const parked = async () => (await read()).filter(({ state }) => state === 'NEEDS_ATTENTION');
  show(
    'laurel_claims_open',
    'Claims that are not final. The reason of those that are neither parked nor undone is "".',
    ['state', 'reason'],
    async (gauge) => {
      const groups = await read();
      for (const state of OPEN_STATES) gauge.set({ state, reason: '' }, 0);
      for (const { state, reason, count } of groups)
        gauge.inc({ state, reason: reason ?? '' }, count);
    },
  );
  show(
    'laurel_claims_parked',
    'Claims that wait for a person (NEEDS_ATTENTION). Where they are too many to be read in time, provider and reason are "".',
    ['provider', 'reason'],
    async (gauge) => {
      for (const { provider, reason, count } of await parked()) {
        gauge.inc({ provider: provider ?? '', reason: reason ?? '' }, count);
      }
    },
  );
  show(
    'laurel_claims_parked_oldest_timestamp_seconds',
    "When the oldest of a provider's parked claims was parked.",
    ['provider'],
    async (gauge) => {
      const oldest = new Map<string, number>();
      for (const { provider, parkedSince } of await parked()) {
        if (provider === null || parkedSince === null) continue;
        const atS = parkedSince.getTime() / 1_000;
        oldest.set(provider, Math.min(oldest.get(provider) ?? atS, atS));
      }
      for (const [provider, atS] of oldest) gauge.set({ provider }, atS);
    },
  );
}

/**
 * The lag of this process's change stream of claims.
 * @param seenUntil the cluster time up to which it has seen all changes
 * @param now our clock
 */
export function observeChangeStream(
  registry: Registry,
  seenUntil: () => Date,
  now: () => Date,
): void {
  new Gauge({
    name: 'laurel_change_stream_lag_seconds',
    help: 'How old the cluster time is up to which every change of a claim was seen. MongoDB moves it on every ten seconds at the least.',
    registers: [registry],
    collect() {
      this.set(Math.max(now().getTime() - seenUntil().getTime(), 0) / 1_000);
    },
  });
}
