/** The jars of the embedded broker, each pinned by its hash in `kafka-jars.json`. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';

const pinsShape = z.object({
  /** Kafka's version. */
  version: z.string(),
  /** Jars with their paths in a Maven repository. */
  jars: z.array(z.object({ path: z.string(), sha256: z.string().length(64) })).min(1),
});
export type KafkaPins = z.infer<typeof pinsShape>;

/** The file with the pinned jars. */
export const KAFKA_PINS_PATH = join(import.meta.dirname, 'kafka-jars.json');

/** Reads the pinned jars. */
export async function kafkaPins(): Promise<KafkaPins> {
  return pinsShape.parse(JSON.parse(await readFile(KAFKA_PINS_PATH, 'utf8')));
}

/** A file's SHA-256 in hexadecimal. */
export async function sha256Of(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

/** Checks a folder's jars. @throws Error unless it has the pinned jars and nothing else */
export async function checkJars(folder: string, { jars }: KafkaPins): Promise<void> {
  const pinned = new Map(jars.map(({ path, sha256 }) => [basename(path), sha256]));
  const found = await readdir(folder);
  const missing = [...pinned.keys()].find((name) => !found.includes(name));
  if (missing !== undefined) throw new Error(`${missing} is missing`);
  for (const name of found) {
    if ((await sha256Of(join(folder, name))) !== pinned.get(name)) {
      throw new Error(`${name} is not the one that is pinned`);
    }
  }
}
