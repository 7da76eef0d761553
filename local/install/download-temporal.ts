/**
 * `download-temporal.ts FOLDER VERSION PLATFORM ARCH` downloads Temporal's CLI from its makers, and
 * prints the binary's path. It is a separate process, so that it can be killed at any time.
 */
import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { reasonOf } from '../progress.ts';

async function download(folder: string, version: string, platform: string, arch: string) {
  const url = `https://temporal.download/cli/archive/v${version}?platform=${platform}&arch=${arch}`;
  const response = await fetch(url);
  if (!response.ok || response.body === null) throw new Error(`${url} answered ${response.status}`);
  const archive = join(folder, 'temporal.tar.gz');
  await pipeline(Readable.fromWeb(response.body), createWriteStream(archive));
  await promisify(execFile)('tar', ['-xzf', archive, '-C', folder, 'temporal']);
  return join(folder, 'temporal');
}

try {
  const [folder = '', version = '', platform = '', arch = ''] = process.argv.slice(2);
  console.log(await download(folder, version, platform, arch));
} catch (error) {
  console.error(`error: ${reasonOf(error)}`);
  process.exitCode = 1;
}
