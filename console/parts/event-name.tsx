import { api, ask } from '../app/api.ts';
import { createNames } from '../app/names.ts';

const titleOf = createNames(
  (eventId) => ask(api.GET('/api/events/{eventId}', { params: { path: { eventId } } })),
  ({ title }) => title,
);

/** An event's title as a link to it; its ID until the title is known. */
export function EventName({ eventId }: { eventId: string }) {
  return (
    <a href={`/console/events/${encodeURIComponent(eventId)}`}>
      {titleOf(eventId) ?? <code>{eventId}</code>}
    </a>
  );
}
