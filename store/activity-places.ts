/**
 * Which document an activity is kept in, so that an `id` counts once for its sender, for good.
 *
 * The first sender of an `id` has the document whose `_id` is that ID. Whoever sends the same `id`
 * and is somebody else has one of their own, with their name behind it. So one unique index holds the
 * senders apart, and a Kafka record without a sender still meets the same event sent over HTTP.
 */
import { type ActivityContent, type ActivityEvent, isSameActivity } from '../domain/activity.ts';

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

/** An `id` holds no space, so that no two places have one name. */
const ownPlace = ({ id, sender = '' }: ActivityEvent): string => `${id} ${sender}`;

/** Where an event is kept if its `id` is new. */
export const firstPlace = (event: ActivityEvent): Placed => ({ event, _id: event.id });

export const isOwnPlace = ({ event, _id }: Placed): boolean => _id !== event.id;

/** Both places an event may be in. */
export const placesOf = (event: ActivityEvent): string[] => [event.id, ownPlace(event)];

/**
 * Divides events into those that are known and those that are new.
 * @param taken what is kept at `placesOf` them
 */
export function settle(
  events: readonly ActivityEvent[],
  taken: ReadonlyMap<string, ActivityContent>,
): { known: Known[]; fresh: Placed[] } {
  const known: Known[] = [];
  const fresh: Placed[] = [];
  for (const event of events) {
    const first = taken.get(event.id);
    const kept = first && isFor(first, event) ? first : taken.get(ownPlace(event));
    if (kept) known.push({ event, kept });
    else fresh.push(first ? { event, _id: ownPlace(event) } : firstPlace(event));
  }
  return { known, fresh };
}

/** Whether what is kept under the event's own ID is this sender's, or the same from who did not say. */
function isFor(kept: ActivityContent, event: ActivityEvent): boolean {
  if (kept.sender === event.sender) return true;
  const isUnsaid = kept.sender === undefined || event.sender === undefined;
  return isUnsaid && isSameActivity(kept, event);
}
