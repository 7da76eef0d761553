/** Finds a server's binary: named in a variable, on PATH, in our cache, or installed now. */
import { execFile } from 'node:child_process';
import { accessSync, chmodSync, constants, existsSync, rmSync, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Command } from '../processes/child-process.ts';
import { given, serverEnvironment } from '../processes/server-environment.ts';
import { reasonOf, type Say } from '../progress.ts';
import { BinaryCache } from './binary-cache.ts';
import type { Source } from './binary-sources.ts';
import { formatVersion, parseVersion, type Version } from './version.ts';

export interface Binary {
  path: string;
  version: Version;
}

export interface ResolveOptions {
  env: NodeJS.ProcessEnv;
  say: Say;
  signal: AbortSignal;
  /** The series of the server that made the data, if there are any. */
  madeBy?: string | undefined;
  /** Replaces the sources for this machine, for tests. */
  sources?: readonly Source[];
}

/** How to find one server's binary. */
export interface Kind {
  /** Also the command's name. */
  name: string;
  binaryVariable: string;
  /** The command that prints the server's version. By default the binary with `--version`. */
  versionCommand?: (path: string) => Command;
  /** Finds the version in that command's output. */
  versionPattern: RegExp;
  /** The binary in a folder of PATH. By default the executable called `name`. */
  onPath?: (folder: string) => string | undefined;
  /** Why a version cannot be used. Undefined if it can. */
  refusal: (version: Version, madeBy: string | undefined) => string | undefined;
  sources: readonly Source[];
  /** What a person can do if no binary is found. */
  instead: string;
}

/** No binary was found or installed. The message says what was tried and what to do. */
export class NoBinary extends Error {}

/** Timeout of the version command: a busy machine takes seconds to start a JVM. */
const VERSION_TIMEOUT_MS = 60_000;

/** Finds or installs a binary. @throws NoBinary, or the signal's reason if it aborts */
export async function resolveBinary(kind: Kind, options: ResolveOptions): Promise<Binary> {
  const named = given(options.env, kind.binaryVariable);
  if (named !== undefined) return await useNamed(kind, resolve(named), options);
  const found = (await findOnPath(kind, options)) ?? (await findInCache(kind, options));
  return found ?? (await install(kind, options));
}

/** A binary that a person named is used or refused: another one would surprise them. */
async function useNamed(kind: Kind, path: string, options: ResolveOptions): Promise<Binary> {
  try {
    return await inspect(kind, path, options);
  } catch (error) {
    throw new NoBinary(`${kind.binaryVariable} names ${path}, but ${reasonOf(error)}.`);
  }
}

async function findOnPath(kind: Kind, options: ResolveOptions): Promise<Binary | undefined> {
  const folders = (options.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const folder of folders) {
    const path = kind.onPath === undefined ? executable(folder, kind.name) : kind.onPath(folder);
    if (path === undefined) continue;
    const binary = await inspectOr(kind, path, options);
    if (binary !== undefined) return binary;
  }
  return undefined;
}

async function findInCache(kind: Kind, options: ResolveOptions): Promise<Binary | undefined> {
  const cache = new BinaryCache(options.env);
  for (const { id, version } of kind.sources) {
    const path = cache.pathOf(kind.name, id);
    if (!existsSync(path) || kind.refusal(version, options.madeBy) !== undefined) continue;
    const binary = await inspectOr(kind, path, options);
    if (binary !== undefined) return binary;
    cache.drop(kind.name, id);
  }
  return undefined;
}

async function install(kind: Kind, options: ResolveOptions): Promise<Binary> {
  const failures: string[] = [];
  for (const source of kind.sources) {
    const refusal = kind.refusal(source.version, options.madeBy);
    try {
      if (refusal !== undefined) throw new Error(refusal);
      return await installFrom(source, kind, options);
    } catch (error) {
      options.signal.throwIfAborted();
      const why = `${source.what}: ${reasonOf(error)}`;
      options.say(`${kind.name}: not ${why}`);
      failures.push(why);
    }
  }
  const none = `there is none to install for ${process.platform} on ${process.arch}`;
  const tried = (failures.length === 0 ? [none] : failures).map((why) => `\n  ${why}`).join('');
  throw new NoBinary(
    `${kind.name} is not here and could not be installed:${tried}\n${kind.instead}`,
  );
}

async function installFrom(source: Source, kind: Kind, options: ResolveOptions): Promise<Binary> {
  const cache = new BinaryCache(options.env);
  const say: Say = (line) => options.say(`${kind.name}: ${line}`);
  say(`fetching ${source.what}`);
  const folder = cache.workFolder();
  try {
    const fetched = await source.fetch({ folder, env: options.env, say, signal: options.signal });
    chmodSync(fetched, 0o755);
    const { version } = await inspect(kind, fetched, options);
    const path = cache.take(fetched, folder, kind.name, source.id);
    say(`installed ${formatVersion(version)} at ${path}`);
    return { path, version };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function inspectOr(
  kind: Kind,
  path: string,
  options: ResolveOptions,
): Promise<Binary | undefined> {
  try {
    return await inspect(kind, path, options);
  } catch (error) {
    options.signal.throwIfAborted();
    options.say(`${kind.name}: ${path} is passed over: ${reasonOf(error)}`);
    return undefined;
  }
}

/** Runs the binary for its version. @throws Error with the reason why it cannot be used */
async function inspect(kind: Kind, path: string, options: ResolveOptions): Promise<Binary> {
  const { file, args, env } = kind.versionCommand?.(path) ?? {
    file: path,
    args: ['--version'],
    env: serverEnvironment(options.env),
  };
  const { stdout } = await promisify(execFile)(file, args, {
    timeout: VERSION_TIMEOUT_MS,
    env,
    signal: options.signal,
  }).catch((error: Error & { stderr?: string; signal?: string | null }) => {
    const said = error.stderr?.trim().split('\n')[0];
    const why = said || (error.signal ? `it is ended by ${error.signal}` : reasonOf(error));
    throw new Error(`it does not run: ${why}`);
  });
  const text = kind.versionPattern.exec(stdout)?.[1];
  if (text === undefined) throw new Error('it does not say its version');
  const version = parseVersion(text);
  const refusal = kind.refusal(version, options.madeBy);
  if (refusal !== undefined) throw new Error(`it is ${formatVersion(version)}, and ${refusal}`);
  return { path, version };
}

/** The path of an executable file in a folder. Undefined if there is none. */
export function executable(folder: string, name: string): string | undefined {
  const path = join(folder, name);
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile() ? path : undefined;
  } catch {
    return undefined;
  }
}
