/** `{DATA_DIR}/stack.json`: where a running stack tells others what it consists of. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomically } from './processes/atomic-file.ts';

/** Process IDs are those of processes that are up; a server given by its address has none. */
export interface StackFile {
  supervisor: { pid: number };
  api: { pid: number; url: string };
  worker: { pid: number };
  /** There where activities and outcomes go over Kafka, as `kafka` is. */
  streams?: { pid: number };
  mongod: { pid?: number; uri: string };
  /** `cli` is the path of the CLI's binary. */
  temporal: { pid?: number; address: string; uiUrl?: string; cli?: string };
  kafka?: { pid?: number; brokers: string[]; prefix?: string };
  simulator?: { pid: number; url: string; secret: string };
  admin: { username: string; password: string };
}

export function stackFilePath(dataDir: string): string {
  return join(dataDir, 'stack.json');
}

/** Replaces the file in one step; only its owner may read it, as it holds secrets. */
export function writeStackFile(dataDir: string, stack: StackFile): void {
  writeAtomically(stackFilePath(dataDir), `${JSON.stringify(stack, undefined, 2)}\n`);
}

/** The stack over a data folder; undefined while none is ready there. */
export function readStackFile(dataDir: string): StackFile | undefined {
  try {
    return JSON.parse(readFileSync(stackFilePath(dataDir), 'utf8')) as StackFile;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A file that outlives its stack would pass for a ready one. */
export function removeStackFile(dataDir: string): void {
  rmSync(stackFilePath(dataDir), { force: true });
}
