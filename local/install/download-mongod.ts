/**
 * `download-mongod.ts FOLDER VERSION` downloads mongod from its makers, and prints the binary's path.
 * It is a separate process, so that it can be killed at any time and has its own settings.
 */
import { reasonOf } from '../progress.ts';

/** Settings that the library reads when it is loaded. The user's own settings win. */
const SETTINGS = {
  // No retries: the next source should be tried at once.
  MONGOMS_MAX_RETRIES: '1',
  MONGOMS_MD5_CHECK: '1',
  MONGOMS_PREFER_GLOBAL_PATH: '0',
  // Without this the library does not check the host's certificate.
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
