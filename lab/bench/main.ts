/** `npm run bench -- <part>…|all`: measures parts, each compared with a yardstick in the same run. */
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { jsonOf, linesOf } from './figures.ts';
import { machine, machineLine } from './machine.ts';
import { PARTS } from './parts-by-name.ts';

/** Rounds that are measured. Fewer would say nothing about the spread. */
const ROUNDS = 5;

const USAGE = `usage: npm run bench -- <part>…|all [--json] [--short] [--rounds N] [--apis N] [--traced] [--profile DIR]

${Object.entries(PARTS)
  .map(([name, { measures }]) => `  ${name.padEnd(8)} ${measures}`)
  .join('\n')}

  --json         one line of JSON on standard output; progress goes to standard error
  --short        little work, one round: shows that it runs, not how fast
  --rounds N     rounds that count (${ROUNDS}); one more comes first
  --apis N       API processes in \`flash\` (1)
  --traced       in \`claims\`: the same with every trace sent to a collector, in the same rounds
  --profile DIR  leaves CPU profiles of our processes there; \`node lab/bench/profile.ts DIR\` reads them
`;

function isPart(name: string): boolean {
  return Object.hasOwn(PARTS, name);
}

const isCount = (n: number) => Number.isInteger(n) && n > 0;

/** The command line. `isRight` is false if it is wrong. */
function asked() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean' },
      short: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
      rounds: { type: 'string' },
      apis: { type: 'string' },
      traced: { type: 'boolean' },
      profile: { type: 'string' },
    },
  });
  const names = positionals.includes('all') ? Object.keys(PARTS) : positionals;
  const isShort = values.short === true;
  const rounds = Number(values.rounds ?? (isShort ? 1 : ROUNDS));
  const apis = Number(values.apis ?? 1);
  const isRight = names.length > 0 && names.every(isPart) && [rounds, apis].every(isCount);
  return { ...values, names, isShort, rounds, apis, isRight };
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

// Child processes end with this one. The exit handlers remove the folders.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const { names, isShort, rounds, apis, traced, profile, json, help, isRight } = asked();
if (help || !isRight) {
  process.stderr.write(USAGE);
  process.exit(help ? 0 : 2);
}
const profileDir = profile === undefined ? undefined : resolve(profile);
if (profileDir !== undefined) mkdirSync(profileDir, { recursive: true });

const on = machine();
const measured: Record<string, object> = {};
if (!json) process.stdout.write(`${machineLine(on)}\n`);
for (const name of names) {
  say(`${name}: ${PARTS[name]?.measures}`);
  const figures = await PARTS[name]?.run({ isShort, rounds, apis, traced, profileDir, say });
  if (figures === undefined) continue;
  measured[name] = jsonOf(figures);
  if (!json) process.stdout.write(`\n${linesOf(name, figures).join('\n')}\n`);
}
if (json) process.stdout.write(`${JSON.stringify({ machine: on, parts: measured })}\n`);
