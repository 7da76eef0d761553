/**
 * `node local/install/pin-kafka.ts` rewrites kafka-jars.json after a change of kafka-pom.xml: all
 * dependencies that mvn finds, with the hashes of the files as they are in the repository today.
 */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { KAFKA_PINS_PATH, type KafkaPins, sha256Of } from './kafka-jars.ts';
import { copyJars } from './maven.ts';

/** The broker's own jar, with the version in its name. */
const BROKER = /kafka_2\.13-(.*)\.jar$/;

async function pinsOf(folder: string): Promise<KafkaPins> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  // mvn keeps other files beside the jars.
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.jar'));
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  const jars = paths.map(async (path) => ({
    path: relative(folder, path).replaceAll(sep, '/'),
    sha256: await sha256Of(path),
  }));
  const version = paths.flatMap((path) => BROKER.exec(path)?.[1] ?? [])[0];
  if (version === undefined) throw new Error('kafka-pom.xml draws in no broker');
  return { version, jars: await Promise.all(jars) };
}

const folder = await mkdtemp(join(tmpdir(), 'laurel-pin-kafka-'));
try {
  const target = join(folder, 'jars');
  const { signal } = new AbortController();
  const context = { folder, env: process.env, say: console.log, signal };
  await copyJars(target, 'resolving kafka-pom.xml', context, ['mdep.useRepositoryLayout=true']);
  const pins = await pinsOf(target);
  await writeFile(KAFKA_PINS_PATH, `${JSON.stringify(pins, undefined, 2)}\n`);
} finally {
  await rm(folder, { recursive: true });
}
