/** The texts that a chaos run prints: plan, progress, figures and differences. */
import type { Difference } from './checks.ts';
import type { Figures } from './figures.ts';
import type { Fault, Plan } from './plan.ts';

/** Most differences that are printed. The rest is in `facts.json`. */
const MAX_SHOWN = 20;

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;

/** One fault as text, without its time. */
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

/** A time and what happened then, in columns. @param atMs milliseconds from the start */
export function timed(atMs: number, text: string): string {
  return `${(atMs / 1_000).toFixed(1).padStart(7)} s  ${text}`;
}

/** The plan as text, one line for each fault. */
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

/** The figures, one line each. */
export function figuresText(figures: Figures): string {
  const rows = COLUMNS.map(([name, value]) => `  ${name.padEnd(34)}${value(figures)}`);
  return ['Figures', ...rows].join('\n');
}

/** The figures as a row of the table in docs/reliability.md. */
export function figuresRow(figures: Figures): string {
  return `| ${COLUMNS.map(([, value]) => value(figures)).join(' | ')} |`;
}

/** The differences with their rules, and how many are not shown. */
export function differencesText(differences: readonly Difference[]): string {
  const shown = differences
    .slice(0, MAX_SHOWN)
    .map(
      ({ rule, claimId, what }) => `  ${rule}: ${claimId === null ? '' : `${claimId}: `}${what}`,
    );
  const left = differences.length - shown.length;
  return [...shown, ...(left > 0 ? [`  and ${left} more`] : [])].join('\n');
}
