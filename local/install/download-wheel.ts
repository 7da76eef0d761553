/**
 * `download-wheel.ts FOLDER NAME RELEASE` downloads a Python wheel without pip, and prints the folder
 * with its files. It is a separate process, so that it can be killed at any time. The index is in
 * `PIP_INDEX_URL`, pip's own variable.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { given } from '../processes/server-environment.ts';
import { reasonOf } from '../progress.ts';

/** The media type of the Simple Repository API in JSON (PEP 691). */
const SIMPLE_JSON = 'application/vnd.pypi.simple.v1+json';

interface WheelFile {
  filename: string;
  url: string;
  hashes: { sha256?: string };
}

async function download(folder: string, name: string, release: string): Promise<string> {
  const index = given(process.env, 'PIP_INDEX_URL');
  if (index === undefined) throw new Error('PIP_INDEX_URL names no package index');
  const page = `${index.replace(/\/$/, '')}/${name}/`;
  const response = await fetch(page, { headers: { accept: SIMPLE_JSON } });
  if (!response.ok) throw new Error(`${page} answered ${response.status}`);
  const { files } = (await response.json()) as { files: WheelFile[] };
  const file = files.find(({ filename }) => fits(filename, name, release));
  if (file === undefined)
    throw new Error(`there is no wheel of ${name} ${release} for this machine`);
  const wheel = join(folder, 'wheel.zip');
  await fetchChecked(new URL(file.url, page), wheel, file.hashes.sha256);
  const target = join(folder, 'unpacked');
  await promisify(execFile)('python3', ['-m', 'zipfile', '-e', wheel, target]);
  return target;
}

/** Whether a wheel is of this release and for this machine. Its name ends with its platforms (PEP 425). */
function fits(filename: string, name: string, release: string): boolean {
  const system = process.platform === 'darwin' ? 'macosx' : 'manylinux';
  const arm = process.platform === 'darwin' ? 'arm64' : 'aarch64';
  const machine = process.arch === 'arm64' ? arm : 'x86_64';
  const prefix = `${name.replaceAll('-', '_')}-${release}-`;
  return (
    filename.startsWith(prefix) && filename.includes(system) && filename.includes(`${machine}.whl`)
  );
}

async function fetchChecked(url: URL, path: string, sha256: string | undefined): Promise<void> {
  const response = await fetch(url);
  if (!response.ok || response.body === null) throw new Error(`${url} answered ${response.status}`);
  await writeFile(path, response.body);
  const found = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  if (found !== sha256) throw new Error(`${url} is not what the index describes`);
}

try {
  const [folder = '', name = '', release = ''] = process.argv.slice(2);
  console.log(await download(folder, name, release));
} catch (error) {
  console.error(`error: ${reasonOf(error)}`);
  process.exitCode = 1;
}
