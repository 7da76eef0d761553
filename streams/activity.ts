/** `game.activity`: what players did, one event a record; counted by the same code as over HTTP. */
import type { ProgressStore } from '../store/progress.ts';
import { jsonOf } from './json.ts';
import type { IncomingRecord, RefusedRecord } from './records.ts';

/** Counts the events of a batch, each once; answers those that are none. */
export async function takeActivity(
  progress: Pick<ProgressStore, 'ingest'>,
  records: IncomingRecord[],
  now: Date,
): Promise<RefusedRecord[]> {
  const readable: IncomingRecord[] = [];
  const events: unknown[] = [];
  const refused: RefusedRecord[] = [];
  for (const record of records) {
    const event = jsonOf(record.value);
    if (event === undefined) refused.push({ record, reason: 'The value is not JSON' });
    else {
      readable.push(record);
      events.push(event);
    }
  }
  const { rejected } = await progress.ingest(events, now);
  for (const { index, message } of rejected) {
    refused.push({ record: readable[index] as IncomingRecord, reason: message });
  }
  return refused;
}
