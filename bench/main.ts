/** `npm run bench -- <part> [--json] [--short]`: figures of one part, measured here and now. */
import { parseArgs } from 'node:util';
import { benchIngest } from './ingest.ts';

/** What a part measured: for people line by line, for programs as it is. */
export interface Figures {
  lines: string[];
  json: object;
}

export interface BenchOptions {
  /** Fewer events and rounds: shows that it runs, not how fast. */
  isShort: boolean;
  /** Takes progress. */
  say: (line: string) => void;
}

const PARTS: Record<string, (options: BenchOptions) => Promise<Figures>> = { ingest: benchIngest };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean' }, short: { type: 'boolean' } },
});
const part = PARTS[positionals[0] ?? ''];
if (part === undefined || positionals.length !== 1) {
  const names = Object.keys(PARTS).join('|');
  process.stderr.write(`usage: npm run bench -- <${names}> [--json] [--short]\n`);
  process.exit(2);
}

const figures = await part({
  isShort: values.short === true,
  say: (line) => void process.stderr.write(`${line}\n`),
});
const text = values.json ? JSON.stringify(figures.json, undefined, 2) : figures.lines.join('\n');
process.stdout.write(`${text}\n`);
