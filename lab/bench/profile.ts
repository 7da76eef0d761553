/** `node lab/bench/profile.ts DIR [SECONDS]`: the CPU time of profiled processes by owner of the code. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './processes.ts';

/** A `.cpuprofile`: `Profiler.Profile` of the Chrome DevTools protocol. Times are in microseconds. */
interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  samples: number[];
  timeDeltas: number[];
}

/** Seconds left out at the beginning: starting and bundling are not part of a claim's cost. */
const skippedS = Number(process.argv[3] ?? 20);

/** Lines of each table. */
const MOST_LINES = 25;

/** Samples that are not work. */
const IDLE = ['(idle)', '(program)'];

type SelfMs = Map<string, number>;

/** Self time in milliseconds by owner and by function, without the seconds left out. */
function selfTimes({ nodes, samples, timeDeltas }: Profile) {
  const byId = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const [byOwner, byFunction]: [SelfMs, SelfMs] = [new Map(), new Map()];
  let passedUs = 0;
  for (const [n, id] of samples.entries()) {
    const us = timeDeltas[n] ?? 0;
    passedUs += us;
    const frame = byId.get(id);
    if (!frame || passedUs < skippedS * 1e6 || IDLE.includes(frame.functionName)) continue;
    const owner = ownerOf(frame);
    add(byOwner, owner, us / 1_000);
    add(
      byFunction,
      `${frame.functionName || '(anonymous)'} in ${placeOf(frame, owner)}`,
      us / 1_000,
    );
  }
  return { byOwner, byFunction };
}

function ownerOf({ functionName, url }: Profile['nodes'][number]['callFrame']): string {
  if (functionName === '(garbage collector)') return functionName;
  const packages = url.match(/.*node_modules\/((?:@[^/]+\/)?[^/]+)/);
  if (packages?.[1]) return packages[1];
  if (url.startsWith('node:')) return 'node';
  const file = url.replace('file://', '');
  if (file.startsWith(ROOT)) return `ours: ${path.relative(ROOT, file).split('/')[0]}`;
  return url === '' ? 'native' : path.basename(url);
}

function placeOf({ url, lineNumber }: { url: string; lineNumber: number }, owner: string): string {
  return url === '' ? owner : `${owner} ${path.basename(url)}:${lineNumber + 1}`;
}

function add(sums: SelfMs, name: string, ms: number): void {
  sums.set(name, (sums.get(name) ?? 0) + ms);
}

function print(sums: SelfMs, most: number): void {
  const all = [...sums.values()].reduce((sum, ms) => sum + ms, 0);
  const sorted = [...sums].sort(([, a], [, b]) => b - a).slice(0, most);
  for (const [name, ms] of sorted) {
    const share = `${((100 * ms) / all).toFixed(1)} %`.padStart(7);
    console.log(`  ${share}  ${(ms / 1_000).toFixed(2).padStart(7)} s  ${name}`);
  }
}

const folder = process.argv[2];
if (folder === undefined) {
  console.error('usage: node lab/bench/profile.ts DIR [SECONDS left out at the beginning]');
  process.exit(2);
}
for (const file of globSync('**/*.cpuprofile', { cwd: folder }).sort()) {
  const profile = JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Profile;
  const { byOwner, byFunction } = selfTimes(profile);
  console.log(`\n${file}, self time after the first ${skippedS} s, by whose code it is`);
  print(byOwner, MOST_LINES);
  console.log('by function');
  print(byFunction, MOST_LINES);
}
