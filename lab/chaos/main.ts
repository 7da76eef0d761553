/** `npm run chaos`: one run, with its verdict as the exit code. */
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NoBinary } from '../../local/install/resolve-binary.ts';
import { StartFailure } from '../../local/processes/service.ts';
import { WrongArguments } from './command-line.ts';
import { optionsFrom, USAGE } from './options.ts';
import { makePlan, type Plan } from './plan.ts';
import { differencesText, figuresRow, figuresText, planText } from './report-text.ts';
import { createTerminal } from './terminal.ts';

/** Exit code after Ctrl-C, as shells give it. */
const INTERRUPTED = 130;

/** Failures without a stack trace: their message is enough. */
const EXPECTED = [NoBinary, StartFailure];

process.exit(await main(process.argv.slice(2)));

async function main(args: readonly string[]): Promise<number> {
  // If the reader goes away, as in `npm run chaos | head`, the processes must still be stopped.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  try {
    const options = optionsFrom(args);
    if (options.show === 'HELP') {
      process.stdout.write(USAGE);
      return 0;
    }
    const plan = makePlan(options.seed, options.seconds);
    console.log(planText(plan));
    return options.show === 'PLAN' ? 0 : await run(plan);
  } catch (error) {
    if (!(error instanceof WrongArguments)) throw error;
    process.stderr.write(`${error.message}\n\n${USAGE}`);
    return 2;
  }
}

/** Runs the plan in a new data folder. The folder is kept only if the run fails. */
async function run(plan: Plan): Promise<number> {
  const dataDir = mkdtempSync(join(tmpdir(), `laurel-chaos-${plan.seed}-`));
  const keep = () => console.log(`Kept for a look: ${dataDir} (DATA_DIR=${dataDir} npm start)`);
  const { say, progress, green, red } = createTerminal(process.stdout, process.env);
  const log = (line: string) =>
    appendFileSync(join(dataDir, 'chaos.log'), `${new Date().toISOString()} ${line}\n`);
  const interrupted = onInterrupt();
  // Loaded late: it brings all of Laurel, and `--plan` alone should be quick.
  const { runChaos } = await import('./run.ts');
  try {
    const verdict = await runChaos(plan, dataDir, { say, progress, log }, interrupted);
    progress('');
    say(figuresText(verdict.figures));
    say(figuresRow(verdict.figures));
    if (verdict.differences.length === 0) {
      rmSync(dataDir, { recursive: true, force: true });
      say(green('Every promise was kept.'));
      return 0;
    }
    say(red(`${verdict.differences.length} differences:`));
    say(differencesText(verdict.differences));
    say(verdict.details);
    keep();
    return 1;
  } catch (error) {
    if (interrupted.aborted) {
      rmSync(dataDir, { recursive: true, force: true });
      return INTERRUPTED;
    }
    console.error(EXPECTED.some((kind) => error instanceof kind) ? `${error}` : error);
    keep();
    return 1;
  }
}

/** Aborts at Ctrl-C or SIGTERM. */
function onInterrupt(): AbortSignal {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => interrupted.abort(new Error('interrupted')));
  }
  return interrupted.signal;
}
