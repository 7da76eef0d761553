/** `npm run soak`: hours at half the peak rate, and a check that nothing grew. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NoBinary } from '../../local/install/resolve-binary.ts';
import { StartFailure } from '../../local/processes/service.ts';
import { WrongArguments } from '../chaos/command-line.ts';
import { machine, machineLine } from './machine.ts';
import { percentile } from './percentiles.ts';
import { type Answered, peakOf, sendAt } from './soak-load.ts';
import { optionsFrom, type SoakOptions, USAGE } from './soak-options.ts';
import { openSoak, type SoakStack } from './soak-stack.ts';
import { type Finding, flatness, type Minute } from './soak-verdict.ts';

/** Length of the intervals that are compared. */
const MINUTE_MS = 60_000;

/** Failures without a stack trace: their message is enough. */
const EXPECTED = [NoBinary, StartFailure];

const say = (line: string) => void process.stdout.write(`${line}\n`);

process.exit(await main(process.argv.slice(2)));

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = optionsFrom(args);
    if (options !== null) return await run(options);
    process.stdout.write(USAGE);
    return 0;
  } catch (error) {
    if (!(error instanceof WrongArguments)) throw error;
    process.stderr.write(`${error.message}\n\n${USAGE}`);
    return 2;
  }
}

/** Runs in a new data folder. The folder is kept only if something differs. */
async function run(options: SoakOptions): Promise<number> {
  const dataDir = mkdtempSync(join(tmpdir(), 'laurel-soak-'));
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => interrupted.abort(new Error('interrupted')));
  }
  let isKept = false;
  try {
    isKept = await soak(options, dataDir, interrupted.signal);
    return isKept ? 0 : 1;
  } catch (error) {
    console.error(EXPECTED.some((kind) => error instanceof kind) ? `${error}` : error);
    return 1;
  } finally {
    if (isKept || interrupted.signal.aborted) rmSync(dataDir, { recursive: true, force: true });
    else say(`Kept for a look: ${dataDir} (DATA_DIR=${dataDir} npm start)`);
  }
}

/** True if nothing grew and every promise was kept. */
async function soak(options: SoakOptions, dataDir: string, signal: AbortSignal): Promise<boolean> {
  say(machineLine(machine()));
  const stack = await openSoak(options, dataDir, () => {}, signal);
  try {
    const rate = options.rate ?? (await halfThePeak(stack, signal));
    say(`${options.minutes} minutes at ${rate.toFixed(1)} claims a second`);
    const { minutes, answers, skipped } = await play(options, stack, rate, signal);
    const differences = await stack.verdict(
      answers.map(({ story }) => story),
      signal,
    );
    const findings = minutes.length < 2 ? [] : flatness(minutes);
    say('');
    for (const finding of findings) say(findingText(finding));
    if (skipped > 0) say(`${skipped} claims were not sent: too many were open`);
    for (const { rule, claimId, what } of differences) say(`${rule}: ${claimId ?? ''} ${what}`);
    if (findings.length === 0) say('One minute has no thirds: whether it is flat is not said');
    const isFlat = findings.every((finding) => finding.isFlat);
    const isKept = differences.length === 0 && skipped === 0;
    const verdict = isKept ? 'the books add up' : 'THE BOOKS DO NOT ADD UP';
    say(`${answers.length} claims. ${isFlat ? 'Nothing grew' : 'SOMETHING GREW'}; ${verdict}.`);
    return isFlat && isKept;
  } finally {
    await stack.close();
  }
}

async function halfThePeak({ load }: SoakStack, signal: AbortSignal): Promise<number> {
  const peak = await peakOf(load, signal);
  say(`peak: ${peak.toFixed(1)} claims a second`);
  return peak / 2;
}

interface Played {
  minutes: Minute[];
  answers: Answered[];
  skipped: number;
}

async function play(
  { minutes: count }: SoakOptions,
  stack: SoakStack,
  rate: number,
  signal: AbortSignal,
): Promise<Played> {
  const stopped = new AbortController();
  const stop = AbortSignal.any([stopped.signal, signal]);
  const sending = sendAt(rate, stack.load, { stop, giveUp: signal });
  const disturbing = stack.disturb(say, signal);
  for (const promise of [sending.ended, disturbing]) promise.catch(() => {});
  const minutes: Minute[] = [];
  const answers: Answered[] = [];
  const startedMs = performance.now();
  for (let n = 1; n <= count; n++) {
    await sleep(startedMs + n * MINUTE_MS - performance.now(), undefined, { signal });
    const answered = sending.take();
    const minute = minuteOf(answered, stack);
    minutes.push(minute);
    answers.push(...answered);
    say(minuteText(n, minute, answered));
  }
  stopped.abort();
  await Promise.all([sending.ended, disturbing]);
  answers.push(...sending.take());
  return { minutes, answers, skipped: sending.skipped() };
}

function minuteOf(answered: readonly Answered[], stack: SoakStack): Minute {
  const tookMs = answered.map((one) => one.tookMs);
  const at = (percent: number) => (tookMs.length > 0 ? percentile(tookMs, percent) : MINUTE_MS);
  return {
    claims: answered.length,
    p50Ms: at(50),
    p99Ms: at(99),
    processes: stack.look(),
  };
}

function minuteText(n: number, minute: Minute, answered: readonly Answered[]): string {
  const { claims, p50Ms, p99Ms, processes } = minute;
  const waiting = answered.filter(({ isFinal }) => !isFinal).length;
  const each = Object.entries(processes).map(([name, { rssMiB, handles }]) => {
    return `${name} ${rssMiB.toFixed(0)} MiB ${handles}`;
  });
  const rate = (claims / 60).toFixed(1);
  const latency = `p50 ${p50Ms.toFixed(0)} ms, p99 ${p99Ms.toFixed(0)} ms`;
  const unfinished = waiting > 0 ? `, ${waiting} not final yet` : '';
  return `${String(n).padStart(4)} min: ${rate}/s, ${latency}${unfinished} | ${each.join(', ')}`;
}

function findingText({ what, first, last, most, isFlat }: Finding): string {
  const [from, to, limit] = [first, last, most].map((value) => value.toFixed(0));
  return `${what}: first third ${from}, last third ${to} (at most ${limit})${isFlat ? '' : ' NOT FLAT'}`;
}
