import { signal } from '@preact/signals';
import { api, ask } from '../app/api.ts';

/** Titles by event ID, asked for once while the page is open. */
const titles = new Map<string, ReturnType<typeof signal<string | undefined>>>();

function titleOf(eventId: string) {
  const known = titles.get(eventId);
  if (known) return known;
  const title = signal<string | undefined>(undefined);
  titles.set(eventId, title);
  void ask(api.GET('/api/events/{eventId}', { params: { path: { eventId } } })).then((answer) => {
    if (answer.ok) title.value = answer.data.title;
    else titles.delete(eventId);
  });
  return title;
}

/** An event's title as a link to it; its ID until the title is known. */
export function EventName({ eventId }: { eventId: string }) {
  const title = titleOf(eventId).value;
  return (
    <a href={`/console/events/${encodeURIComponent(eventId)}`}>{title ?? <code>{eventId}</code>}</a>
  );
}
