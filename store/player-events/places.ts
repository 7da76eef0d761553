/**
 * The place of a player event: the `_id` of its document. It makes an `id` count once for each
 * sender, for good.
 *
 * The first sender of an `id` gets the document whose `_id` is that ID. Another sender of the same
 * `id` gets one with the sender's name added. So one unique index keeps senders apart. A Kafka
 * record without a sender can still be the same event as one sent over HTTP: where its ID is taken,
 * the places of all senders are read.
 */
import {
  isSamePlayerEvent,
  type PlayerEvent,
  type PlayerEventContent,
} from '../../domain/conditions/player-event.ts';

/** An event, and the `_id` of the document that will keep it. */
export interface Placed {
  event: PlayerEvent;
  _id: string;
}

/** An event whose `id` its sender has used before, and what is kept under it. */
export interface Known {
  event: PlayerEvent;
  kept: PlayerEventContent;
}

/** A kept event, and its place. */
export interface Taken extends PlayerEventContent {
  /** The event's ID; with the sender's name added where another sender had the ID before. */
  _id: string;
}

/** Neither an `id` nor a sender contains a space, so two places never have the same name. */
const ownPlace = ({ id, sender = '' }: Pick<PlayerEvent, 'id' | 'sender'>): string =>
  `${id} ${sender}`;

/** The place of an event whose `id` is new. */
export const firstPlace = (event: PlayerEvent): Placed => ({ event, _id: event.id });

/** Whether the place has the sender's name in it. */
export const isOwnPlace = ({ event, _id }: Placed): boolean => _id !== event.id;

/** The filter for documents that may be the same as one of these events, or in their place. */
export function placesOf(events: readonly PlayerEvent[]): object {
  const named = events.flatMap(({ id, sender }) => [
    id,
    ownPlace({ id }),
    ownPlace({ id, sender }),
  ]);
  // An event without a sender may be the same as any sender's.
  const unsaid = events.filter(({ sender }) => sender === undefined);
  const ofAnybody = unsaid.map(({ id }) => ({ _id: { $gte: `${id} `, $lt: `${id}!` } }));
  return { $or: [{ _id: { $in: named } }, ...ofAnybody] };
}

/**
 * Divides events into known ones, new ones, and those that can only be divided once the new ones
 * are kept: each may be the same as a new one, or need its place.
 * @param taken the documents found with `placesOf(events)`
 */
export function settle(events: readonly PlayerEvent[], taken: readonly Taken[]) {
  const known: Known[] = [];
  const fresh: Placed[] = [];
  const later: PlayerEvent[] = [];
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

/** Whether two events with one `id` are the same: same content, and not of two senders. */
function isOneEvent(a: PlayerEventContent, b: PlayerEventContent): boolean {
  const isOfTwo = a.sender !== undefined && b.sender !== undefined && a.sender !== b.sender;
  return !isOfTwo && isSamePlayerEvent(a, b);
}
