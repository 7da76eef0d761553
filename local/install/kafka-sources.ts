/** Where the embedded broker's jars can be fetched from: a Maven repository, by mvn or without it. */
import { join } from 'node:path';
import { checkJars, kafkaPins } from './kafka-jars.ts';
import { copyJars } from './maven.ts';
import { runDownload, type Source } from './binary-sources.ts';
import { parseVersion } from './version.ts';

/** Best first. Both bring the same files, so they share a place in the cache. */
export async function kafkaSources(): Promise<Source[]> {
  const pins = await kafkaPins();
  const shared = { id: `${pins.version}-jars`, version: parseVersion(pins.version) };
  const what = `Kafka ${pins.version} from a Maven repository`;
  const byMaven = `${what}, by mvn`;
  return [
    {
      ...shared,
      what: byMaven,
      fetch: async (context) => {
        const home = join(context.folder, 'home');
        const libs = join(home, 'libs');
        await copyJars(libs, `fetching ${byMaven}`, context);
        await checkJars(libs, pins);
        return home;
      },
    },
    {
      ...shared,
      what,
      fetch: async (context) =>
        await runDownload('download-jars.ts', [], `fetching ${what}`, context),
    },
  ];
}
