/**
 * Which document an activity is kept in, so that an `id` counts once for its sender, for good.
 *
 * The first sender of an `id` has the document whose `_id` is that ID. Whoever sends the same `id`
 * and is somebody else has one of their own, with their name behind it. So one unique index holds the
 * senders apart, and a Kafka record without a sender still meets the same event sent over HTTP: where
 * the ID is taken, it looks at the places of all its senders.
 */
import {
  type ActivityContent,
  type ActivityEvent,
  isSameActivity,
} from '../../domain/conditions/player-event.ts';

/** An event, and the `_id` of the document that is to keep it. */
export interface Placed {
  event: ActivityEvent;
  _id: string;
}

/** An event whose `id` this sender has used before, for what is kept. */
export interface Known {
  event: ActivityEvent;
  kept: ActivityContent;
}

/** What is kept, and where. */
type Taken = ActivityContent & { _id: string };

/** Neither an `id` nor a sender holds a space, so that no two places have one name. */
const ownPlace = ({ id, sender = '' }: Pick<ActivityEvent, 'id' | 'sender'>): string =>
  `${id} ${sender}`;

/** Where an event is kept if its `id` is new. */
export const firstPlace = (event: ActivityEvent): Placed => ({ event, _id: event.id });

export const isOwnPlace = ({ event, _id }: Placed): boolean => _id !== event.id;

/** A filter for all that is kept and may be the same as one of these events, or in their place. */
export function placesOf(events: readonly ActivityEvent[]): object {
  const named = events.flatMap(({ id, sender }) => [
    id,
    ownPlace({ id }),
    ownPlace({ id, sender }),
  ]);
  // Whose it is does not matter to one that names no sender.
  const unsaid = events.filter(({ sender }) => sender === undefined);
  const ofAnybody = unsaid.map(({ id }) => ({ _id: { $gte: `${id} `, $lt: `${id}!` } }));
  return { $or: [{ _id: { $in: named } }, ...ofAnybody] };
}

/**
 * Divides events into those that are known, those that are new, and those that are settled once the
 * new ones are kept: the same as one of them, perhaps, or in its place.
 * @param taken what is kept at `placesOf` them
 */
export function settle(events: readonly ActivityEvent[], taken: readonly Taken[]) {
  const known: Known[] = [];
  const fresh: Placed[] = [];
  const later: ActivityEvent[] = [];
  const keptOf = Map.groupBy(taken, ({ _id }) => _id.split(' ', 1)[0]);
  const freshOf = new Map<string, Placed[]>();
  for (const event of events) {
    const ofId = keptOf.get(event.id) ?? [];
    const before = freshOf.get(event.id) ?? [];
    const isTaken = ofId.some(({ _id }) => _id === event.id);
    const placed = isTaken ? { event, _id: ownPlace(event) } : firstPlace(event);
    const same = ofId.find((one) => isOneEvent(one, event));
    const isSameLater = before.some((one) => isOneEvent(one.event, event));
    const kept =
      same ?? (isSameLater ? undefined : ofId.find((one) => one.sender === event.sender));
    if (kept) known.push({ event, kept });
    else if (isSameLater || before.some(({ _id }) => _id === placed._id)) later.push(event);
    else {
      fresh.push(placed);
      freshOf.set(event.id, [...before, placed]);
    }
  }
  return { known, fresh, later };
}

/** Whether two events with one `id` are the same: with one content, and not of two senders. */
function isOneEvent(a: ActivityContent, b: ActivityContent): boolean {
  const isOfTwo = a.sender !== undefined && b.sender !== undefined && a.sender !== b.sender;
  return !isOfTwo && isSameActivity(a, b);
}
