/** The sources of the embedded broker's jars: a Maven repository, with mvn or without it. */
import { join } from 'node:path';
import { runDownload, type Source } from './binary-sources.ts';
import { checkJars, kafkaPins } from './kafka-jars.ts';
import { copyJars } from './maven.ts';
import { parseVersion } from './version.ts';

/** The sources, best first. Both have the same files, so they share one place in the cache. */
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
