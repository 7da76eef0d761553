/** What a chaos run prints: its plan, its progress, its figures, and what differs. */
import type { Difference } from './checks.ts';
import type { Figures } from './figures.ts';
import type { Fault, Plan } from './plan.ts';

/** Differences told one by one; with more, the rest is in the facts. */
const MAX_TOLD = 20;

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;

/** One fault in words, without its time. */
export function faultText(fault: Fault): string {
  switch (fault.do) {
    case 'kill':
      return `kill -9 ${fault.process}`;
    case 'freeze':
      return `freeze ${fault.process} for ${seconds(fault.forMs)}`;
    case 'cut':
      return fault.forMs === 0
        ? `break ${fault.wire} once`
        : `cut ${fault.wire} for ${seconds(fault.forMs)}`;
    case 'hang':
      return `hang ${fault.wire} for ${seconds(fault.forMs)}`;
    case 'delay':
      return `delay ${fault.wire} by ${fault.delayMs} ms for ${seconds(fault.forMs)}`;
    case 'game':
      return `the game is ${fault.mood} for ${seconds(fault.forMs)}`;
    case 'leave':
      return `player ${fault.player} is ${fault.status}${lasting(fault.forMs)}`;
    case 'stock':
      return `event ${fault.event}: stock ${fault.by > 0 ? '+' : ''}${fault.by}`;
    case 'pause':
      return `event ${fault.event} is paused for ${seconds(fault.forMs)}`;
    case 'cancel':
    case 'terminate':
    case 'reset':
      return `${fault.do} the run of claim ${fault.nth}`;
    case 'retry':
    case 'abort':
      return fault.nth === 'ALL'
        ? `${fault.do} every parked claim`
        : `${fault.do} parked claim ${fault.nth}`;
  }
}

const lasting = (forMs: number | null) => (forMs === null ? '' : ` for ${seconds(forMs)}`);

/** A time and what happened then, in columns. */
export function timed(atMs: number, text: string): string {
  return `${(atMs / 1_000).toFixed(1).padStart(7)} s  ${text}`;
}

export function planText(plan: Plan): string {
  const { seed, seconds, claims, players, faults } = plan;
  const repeated = claims.filter((claim) => claim.copies > 1).length;
  return [
    `Seed ${seed}, ${seconds} s: ${claims.length} claims by ${players} players, ${repeated} of them`,
    `sent three times at once, and ${faults.length} faults:`,
    ...faults.map((fault) => timed(fault.atMs, faultText(fault))),
  ].join('\n');
}

const COLUMNS: [string, (figures: Figures) => string | number][] = [
  ['seed', (f) => f.seed],
  ['claims accepted', (f) => f.accepted],
  ['granted', (f) => f.granted],
  ['rejected', (f) => f.rejected],
  ['failed', (f) => f.failed],
  ['refused at once', (f) => f.refused],
  ['parked', (f) => f.parked],
  ['kills: API', (f) => f.killedApis],
  ['workers', (f) => f.killedWorkers],
  ['mongod', (f) => f.killedMongod],
  ['Temporal', (f) => f.killedTemporal],
  ['cuts, hangs, delays', (f) => f.disturbed],
  ['frozen', (f) => f.frozen],
  ['runs cancelled, terminated, reset', (f) => f.meddled],
  ['mended by reconciliation', (f) => f.mended],
  ['time to heal', (f) => seconds(f.healedMs)],
  ['differences', (f) => f.differences],
];

/** The figures, a line each. */
export function figuresText(figures: Figures): string {
  const rows = COLUMNS.map(([name, value]) => `  ${name.padEnd(34)}${value(figures)}`);
  return ['Figures', ...rows].join('\n');
}

/** The figures as a row of the table in docs/reliability.md. */
export function figuresRow(figures: Figures): string {
  return `| ${COLUMNS.map(([, value]) => value(figures)).join(' | ')} |`;
}

/** The differences by rule, and how many are left out. */
export function differencesText(differences: readonly Difference[]): string {
  const told = differences
    .slice(0, MAX_TOLD)
    .map(
      ({ rule, claimId, what }) => `  ${rule}: ${claimId === null ? '' : `${claimId}: `}${what}`,
    );
  const left = differences.length - told.length;
  return [...told, ...(left > 0 ? [`  and ${left} more`] : [])].join('\n');
}
