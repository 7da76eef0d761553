import { api, ask } from '../../app/api.ts';
import { useData } from '../../app/data.ts';
import { shortDateTime } from '../../app/format.ts';
import { language } from '../../app/preferences.ts';
import type { Answer } from '../../app/problem.ts';
import { hrefWith, query } from '../../app/router.ts';
import { t } from '../../app/text/index.ts';
import { LoadedPart } from '../../parts/loaded.tsx';
import { Section } from '../../parts/page.tsx';
import { EventStatusBadge } from './status-badge.tsx';
import type { EventStatus, GameEvent } from './types.ts';

/** The most that the API gives in one page. */
const PAGE_SIZE = 200;
/** A calendar of more is not read by anyone, and takes too long to load. */
const MOST_PAGES = 5;

/** A month of the viewer's calendar. */
interface Month {
  /** `2026-12`, as it stands in the address. */
  name: string;
  start: Date;
  end: Date;
  days: number;
}

/** The events' windows in one month, each as a bar over its days. */
export function EventCalendar({ status }: { status: EventStatus | undefined }) {
  const { events } = t();
  const month = monthNamed(query.value.get('month'));
  const found = useData(status ?? 'all', (signal) => allEvents(status, signal));
  const title = new Intl.DateTimeFormat(language.value, { year: 'numeric', month: 'long' }).format(
    month.start,
  );
  return (
    <Section
      title={title}
      actions={
        <nav class="actions" aria-label={events.month}>
          <a href={hrefWith({ month: nameOf(month, -1) })}>{events.monthBefore}</a>
          <a href={hrefWith({ month: null })}>{events.thisMonth}</a>
          <a href={hrefWith({ month: nameOf(month, 1) })}>{events.monthAfter}</a>
        </nav>
      }
    >
      <LoadedPart of={found}>
        {({ items, isCut }) => (
          <>
            {isCut && <p class="note">{events.notAll}</p>}
            <Bars month={month} items={items.filter((event) => isIn(month, event))} />
          </>
        )}
      </LoadedPart>
    </Section>
  );
}

interface AllEvents {
  items: GameEvent[];
  /** Whether there are more. */
  isCut: boolean;
}

async function allEvents(
  status: EventStatus | undefined,
  signal: AbortSignal,
): Promise<Answer<AllEvents>> {
  const items: GameEvent[] = [];
  let cursor: string | null = null;
  for (let pages = 1; ; pages += 1) {
    const asked: Record<string, string | number> = { limit: PAGE_SIZE, ...(cursor && { cursor }) };
    if (status) asked.status = status;
    const answer = await ask(api.GET('/api/events', { params: { query: asked }, signal }));
    if (!answer.ok) return answer;
    items.push(...answer.data.items);
    cursor = answer.data.nextCursor;
    if (cursor === null || pages === MOST_PAGES) {
      return { ...answer, data: { items, isCut: cursor !== null } };
    }
  }
}

function Bars({ month, items }: { month: Month; items: readonly GameEvent[] }) {
  const { events } = t();
  if (items.length === 0) return <p class="empty">{events.emptyMonth}</p>;
  const today = dayIn(month, new Date());
  const days = Array.from({ length: month.days }, (_, index) => index + 1);
  return (
    <>
      <div class="calendar" style={{ '--days': month.days }}>
        <div class="days" aria-hidden="true">
          {days.map((day) => (
            <span key={day} class={day === today ? 'today' : undefined}>
              {day}
            </span>
          ))}
        </div>
        <ul>
          {items.map((event) => (
            <Bar key={event.eventId} month={month} event={event} />
          ))}
        </ul>
      </div>
      <p class="quiet">{events.grace}</p>
    </>
  );
}

function Bar({ month, event }: { month: Month; event: GameEvent }) {
  const { events } = t();
  const [start, end] = [clamped(month, event.startsAt), clamped(month, event.endsAt)];
  const grace = clamped(month, event.claimableUntil);
  return (
    <li>
      <p>
        <a href={`/console/events/${encodeURIComponent(event.eventId)}`}>{event.title}</a>{' '}
        <EventStatusBadge status={event.status} />{' '}
        <span class="quiet">
          {events.window(shortDateTime(event.startsAt), shortDateTime(event.endsAt))}
        </span>
      </p>
      <div class="bars" aria-hidden="true">
        {end > start && <span class={event.status} style={placed(start, end)} />}
        {grace > end && <span class="grace" style={placed(end, grace)} />}
      </div>
    </li>
  );
}

/** A bar's place, as shares of the month. Set by script, as the page's policy refuses style texts. */
function placed(from: number, to: number) {
  return { insetInlineStart: `${from * 100}%`, inlineSize: `${(to - from) * 100}%` };
}

/** How much of the month has passed at a moment: 0 before it, 1 after it. */
function clamped({ start, end }: Month, iso: string): number {
  const share = (Date.parse(iso) - start.getTime()) / (end.getTime() - start.getTime());
  return Math.min(Math.max(share, 0), 1);
}

function isIn({ start, end }: Month, event: GameEvent): boolean {
  return new Date(event.startsAt) < end && new Date(event.claimableUntil) > start;
}

function dayIn({ start, end }: Month, at: Date): number | undefined {
  return at >= start && at < end ? at.getDate() : undefined;
}

function monthNamed(name: string | null): Month {
  const given = /^(\d{4})-(\d{2})$/.exec(name ?? '');
  const now = new Date();
  const year = given ? Number(given[1]) : now.getFullYear();
  const index = given ? Number(given[2]) - 1 : now.getMonth();
  const start = new Date(year, index, 1);
  const end = new Date(year, index + 1, 1);
  return { name: monthName(start), start, end, days: new Date(year, index + 1, 0).getDate() };
}

function nameOf({ start }: Month, after: number): string {
  return monthName(new Date(start.getFullYear(), start.getMonth() + after, 1));
}

function monthName(at: Date): string {
  return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}`;
}
