/**
 * The topic `game.activity`: player events, one in each record. They are counted by the same code
 * as those sent over HTTP.
 */
import { isId } from '../store/player-events/player-event-shape.ts';
import type { ProgressStore } from '../store/player-events/progress.ts';
import { jsonOf } from './record-value.ts';
import type { IncomingRecord, RefusedRecord } from './records.ts';

/** The header with the sender, a game server's user ID. Event IDs are per sender. */
const SENDER = 'sender';

const NO_SENDER = 'The header sender is not a user ID';

/** Counts the batch's player events, each once for its sender. Returns those it cannot count. */
export async function takePlayerEvents(
  progress: Pick<ProgressStore, 'ingest'>,
  records: IncomingRecord[],
  now: Date,
): Promise<RefusedRecord[]> {
  const readable: IncomingRecord[] = [];
  const events: unknown[] = [];
  const senders: (string | undefined)[] = [];
  const refused: RefusedRecord[] = [];
  for (const record of records) {
    const event = jsonOf(record.value);
    const sender = senderOf(record);
    if (event === undefined) refused.push({ record, reason: 'The value is not JSON' });
    else if (sender !== undefined && !isId(sender)) refused.push({ record, reason: NO_SENDER });
    else {
      readable.push(record);
      events.push(event);
      senders.push(sender);
    }
  }
  const { rejected } = await progress.ingest(events, now, (index) => senders[index]);
  for (const { index, message } of rejected) {
    refused.push({ record: readable[index] as IncomingRecord, reason: message });
  }
  return refused;
}

/** Undefined without the header: all such writers of the topic share their event IDs. */
function senderOf({ headers }: IncomingRecord): string | undefined {
  for (const [name, value] of headers ?? []) {
    if (String(name) === SENDER) return String(value);
  }
  return undefined;
}
