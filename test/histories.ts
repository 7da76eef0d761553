/**
 * Workflow histories as JSON files. By protobuf's own mapping, not by the SDK's `historyToJSON`:
 * that one fails where npm has put more than one copy of protobufjs into the tree.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import proto from '@temporalio/proto';

const { History } = proto.temporal.api.history.v1;
export type History = proto.temporal.api.history.v1.IHistory;

export const HISTORIES = path.join(import.meta.dirname, 'fixtures', 'histories');

/** The history without what names this machine: paths in stack traces, the workers' identity. */
export function historyToJson(history: History): unknown {
  const plain = History.toObject(History.fromObject(history), {
    longs: String,
    enums: String,
    bytes: String,
  });
  return JSON.parse(JSON.stringify(plain), (key, value: unknown) => {
    if (key === 'stackTrace') return '';
    if (typeof value !== 'string') return value;
    return value.replace(/\b\d+@[\w.-]+?(?=-laurel-|$)/g, 'worker');
  });
}

/** The recorded histories, by name. */
export function recordedHistories(): { name: string; history: History }[] {
  const files = readdirSync(HISTORIES).filter((file) => file.endsWith('.json'));
  return files.map((file) => ({
    name: path.basename(file, '.json'),
    history: History.fromObject(JSON.parse(readFileSync(path.join(HISTORIES, file), 'utf8'))),
  }));
}
