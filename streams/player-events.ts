/**
 * The topic `game.activity`: player events, one in each record. They are counted by the same code
 * as those sent over HTTP.
 */
import { isId } from '../store/player-events/player-event-shape.ts';
import type { ProgressStore } from '../store/player-events/progress.ts';
import { type IncomingRecord, jsonOf, type RefusedRecord } from './records.ts';

/** The header with the sender, a game server's user ID. Event IDs are per sender. */
const SENDER = 'sender';

const NO_SENDER = 'The header sender is not a user ID';

/** Counts the batch's player events, each once for its sender. Returns those it cannot count. */
export async function takePlayerEvents(
  progress: Pick<ProgressStore, 'ingest'>,
  records: IncomingRecord[],
  now: Date,
): Promise<RefusedRecord[]> {
  const readable: { record: IncomingRecord; event: unknown; sender: string | undefined }[] = [];
  const refused: RefusedRecord[] = [];
  for (const record of records) {
    const event = jsonOf(record.value);
    const sender = senderOf(record);
    if (event === undefined) refused.push({ record, reason: 'The value is not JSON' });
    else if (sender !== undefined && !isId(sender)) refused.push({ record, reason: NO_SENDER });
    else readable.push({ record, event, sender });
  }
  const events = readable.map(({ event }) => event);
  const { rejected } = await progress.ingest(events, now, (index) => readable[index]?.sender);
  for (const { index, message: reason } of rejected) {
    const { record } = readable[index] as { record: IncomingRecord };
    refused.push({ record, reason });
  }
  return refused;
}

/** Undefined without the header: all such writers of the topic share their event IDs. */
function senderOf({ headers }: IncomingRecord): string | undefined {
  const header = [...(headers ?? [])].find(([name]) => String(name) === SENDER);
  return header && String(header[1]);
}
