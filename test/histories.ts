/**
 * Workflow histories as JSON. By protobuf's own mapping, not by the SDK's `historyToJSON`: that one
 * fails where npm has put more than one copy of protobufjs into the tree.
 */
import proto from '@temporalio/proto';

const { History } = proto.temporal.api.history.v1;
export type History = proto.temporal.api.history.v1.IHistory;

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

/** What `historyToJson` made. */
export function historyFromJson(json: Record<string, unknown>): History {
  return History.fromObject(json);
}
