/**
 * Fetches mongod from its makers: `download-mongod.ts FOLDER VERSION`. A process of its own, as it
 * can then be ended at any time and its settings are not ours. Writes the binary's path.
 */
import { reasonOf } from '../progress.ts';

/** The library reads these when it is loaded; what the user set for it stands. */
const SETTINGS = {
  // A refusal is final: there is another way to install, and it should be tried at once.
  MONGOMS_MAX_RETRIES: '1',
  MONGOMS_MD5_CHECK: '1',
  MONGOMS_PREFER_GLOBAL_PATH: '0',
  // Without it the library does not check the host's certificate.
  npm_config_strict_ssl: 'true',
};

async function download(folder: string, version: string): Promise<string> {
  Object.assign(process.env, { ...SETTINGS, ...process.env });
  const { MongoBinary } = await import('mongodb-memory-server-core');
  return await MongoBinary.getPath({ downloadDir: folder, version });
}

try {
  const [folder = '', version = ''] = process.argv.slice(2);
  console.log(await download(folder, version));
} catch (error) {
  console.error(`error: ${reasonOf(error).replace(/\s*\n\s*/g, ' ')}`);
  process.exitCode = 1;
}
