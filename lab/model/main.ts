/** `npm run model`: random sequences on the real product and on a model of it, until they differ. */
import { styleText } from 'node:util';
import { HELP, type ModelOptions, optionsFrom, UsageError } from './options.ts';
import { type Failure, runSequences, type Tally } from './run-sequences.ts';

/** Pause between two lines of progress, in milliseconds. */
const PROGRESS_MS = 10_000;

async function main(): Promise<void> {
  const options = asked();
  if (options === null) return;
  const { runs, seed, from, lanes } = options;
  console.log(`${runs} sequences of seed ${seed} from ${from} on, ${lanes} side by side`);
  const startedMs = performance.now();
  const seconds = () => Math.round((performance.now() - startedMs) / 1000);
  let toldMs = startedMs;
  const { failure, played, tally } = await runSequences({
    ...options,
    onProgress(done) {
      if (performance.now() - toldMs < PROGRESS_MS) return;
      toldMs = performance.now();
      console.log(`${done} of ${runs} after ${seconds()} s`);
    },
  });
  console.log(tallyText(tally));
  if (failure) {
    console.log(styleText('red', failureText(failure)));
    process.exitCode = 1;
    return;
  }
  console.log(styleText('green', `${played} sequences in ${seconds()} s without a difference`));
}

/** The command line's options. Null if the help was asked for or the command line is wrong. */
function asked(): ModelOptions | null {
  try {
    const options = optionsFrom(process.argv.slice(2));
    if (options !== 'HELP') return options;
    console.log(HELP);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${HELP}`);
    process.exitCode = 2;
  }
  return null;
}

const tallyText = (tally: Tally): string =>
  [...tally]
    .sort(([, a], [, b]) => b - a)
    .map(([what, times]) => `${String(times).padStart(7)}  ${what}`)
    .join('\n');

function failureText({ seed, sequence, shrinks, story }: Failure): string {
  return [
    `Sequence ${sequence} of seed ${seed} shows a difference; made smaller ${shrinks} times it is:`,
    ...story,
    `Again: npm run model -- --seed ${seed} --from ${sequence} --runs 1`,
  ].join('\n');
}

await main();
// The SDK's native threads and pooled sockets would keep the process alive.
process.exit();
