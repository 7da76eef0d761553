/**
 * What each release left behind: its workflow bundle, and the histories that its runs wrote. Kept
 * for as long as a run of that release may be open anywhere: `docs/deploying-workflow-code.md`.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type History, historyFromJson, historyToJson } from './histories.ts';

const RELEASES = path.join(import.meta.dirname, 'fixtures', 'releases');

const historiesOf = (release: string) => path.join(RELEASES, release, 'histories');
const bundleOf = (release: string) => path.join(RELEASES, release, 'bundle.js.gz');

/** The SDK insists on an inlined source map; the bundle's own is three quarters of its size. */
const NO_SOURCE_MAP = { version: 3, file: 'workflow-bundle.js', sources: [], mappings: '' };
const SOURCE_MAP = '//# sourceMappingURL=data:';

/** Versions, such as `0.1.0`. */
export function releases(): string[] {
  return readdirSync(RELEASES).toSorted();
}

/** The workflow code as it was released, for a worker to run. */
export function releasedBundle(release: string): { code: string } {
  const code = gunzipSync(readFileSync(bundleOf(release))).toString();
  const sourceMap = Buffer.from(JSON.stringify(NO_SOURCE_MAP)).toString('base64');
  return { code: `${code}${SOURCE_MAP}application/json;base64,${sourceMap}` };
}

export function keepBundle(release: string, { code }: { code: string }): void {
  mkdirSync(path.dirname(bundleOf(release)), { recursive: true });
  const bare = code.slice(0, code.lastIndexOf(SOURCE_MAP));
  writeFileSync(bundleOf(release), gzipSync(bare, { level: 9 }));
}

/** The histories that runs of the release wrote, by what they tell. */
export function releasedHistories(release: string): { name: string; history: History }[] {
  const folder = historiesOf(release);
  return readdirSync(folder).map((file) => ({
    name: path.basename(file, '.json'),
    history: historyFromJson(JSON.parse(readFileSync(path.join(folder, file), 'utf8'))),
  }));
}

export function keepHistory(release: string, name: string, history: History): void {
  const folder = historiesOf(release);
  mkdirSync(folder, { recursive: true });
  const json = JSON.stringify(historyToJson(history), null, 2);
  writeFileSync(path.join(folder, `${name}.json`), `${json}\n`);
}
