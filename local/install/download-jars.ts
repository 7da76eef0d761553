/**
 * `download-jars.ts FOLDER` downloads the embedded broker's jars without mvn, and prints the path of
 * the broker's home. It is a separate process, so that it can be killed at any time. The repository is
 * in `MVNW_REPOURL`, the variable of the Maven Wrapper.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { given } from '../processes/server-environment.ts';
import { reasonOf } from '../progress.ts';
import { checkJars, kafkaPins } from './kafka-jars.ts';

async function download(folder: string): Promise<string> {
  const repository = given(process.env, 'MVNW_REPOURL');
  if (repository === undefined) throw new Error('MVNW_REPOURL names no Maven repository');
  const pins = await kafkaPins();
  const home = join(folder, 'home');
  const libs = join(home, 'libs');
  await mkdir(libs, { recursive: true });
  for (const { path } of pins.jars) {
    const url = `${repository.replace(/\/$/, '')}/${path}`;
    const response = await fetch(url);
    if (!response.ok || response.body === null)
      throw new Error(`${url} answered ${response.status}`);
    await writeFile(join(libs, basename(path)), response.body);
  }
  await checkJars(libs, pins);
  return home;
}

try {
  console.log(await download(process.argv[2] ?? ''));
} catch (error) {
  console.error(`error: ${reasonOf(error)}`);
  process.exitCode = 1;
}
