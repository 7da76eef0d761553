/** `{DATA_DIR}/stack.json`: describes a running stack for other programs. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomically } from './processes/atomic-file.ts';

/** The file's content. A server that the stack does not run itself has no process ID. */
export interface StackFile {
  supervisor: { pid: number };
  /** `metricsUrl`, here and below: what Prometheus scrapes of the process. */
  api: { pid: number; url: string; metricsUrl: string };
  worker: { pid: number; metricsUrl: string };
  /** Present with Kafka only, as `kafka` is. */
  streams?: { pid: number; metricsUrl: string };
  mongod: { pid?: number; uri: string };
  /** `cli` is the path of the CLI's binary. */
  temporal: { pid?: number; address: string; uiUrl?: string; cli?: string };
  kafka?: { pid?: number; brokers: string[]; prefix?: string };
  simulator?: { pid: number; url: string; secret: string };
  admin: { username: string; password: string };
}

/** The path of the file. */
export function stackFilePath(dataDir: string): string {
  return join(dataDir, 'stack.json');
}

/** Replaces the file in one step. Only its owner may read it, as it has secrets. */
export function writeStackFile(dataDir: string, stack: StackFile): void {
  writeAtomically(stackFilePath(dataDir), `${JSON.stringify(stack, undefined, 2)}\n`);
}

/** The stack over a data folder. Undefined if none is ready. */
export function readStackFile(dataDir: string): StackFile | undefined {
  try {
    return JSON.parse(readFileSync(stackFilePath(dataDir), 'utf8')) as StackFile;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Removes the file. A file without a stack would look like a ready stack. */
export function removeStackFile(dataDir: string): void {
  rmSync(stackFilePath(dataDir), { force: true });
}
