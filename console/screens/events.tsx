import { api, ask } from '../app/api.ts';
import { useData } from '../app/data.ts';
import { hrefWith, query } from '../app/router.ts';
import { can } from '../app/session.ts';
import { t } from '../app/text/index.ts';
import { Page, Section } from '../parts/page.tsx';
import { type Column, PagedTable } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';
import { EventCalendar } from './events/calendar.tsx';
import { EventStatusBadge } from './events/status-badge.tsx';
import type { EventStatus, GameEvent } from './events/types.ts';

/** Events as a list, or as a month's windows. */
export function Events() {
  const { events } = t();
  const isCalendar = query.value.get('view') === 'calendar';
  const status = (query.value.get('status') ?? undefined) as EventStatus | undefined;
  return (
    <Page
      title={events.title}
      actions={
        can('OPERATOR', 'ADMIN') && (
          <a class="button primary" href="/console/events/new">
            {events.newEvent}
          </a>
        )
      }
    >
      <nav class="tabs" aria-label={events.view}>
        <a
          href={hrefWith({ view: null, month: null })}
          aria-current={isCalendar ? undefined : 'page'}
        >
          {events.asList}
        </a>
        <a href={hrefWith({ view: 'calendar' })} aria-current={isCalendar ? 'page' : undefined}>
          {events.asCalendar}
        </a>
      </nav>
      <nav class="actions" aria-label={events.status}>
        <StatusLinks status={status} />
      </nav>
      {isCalendar ? <EventCalendar status={status} /> : <EventList status={status} />}
    </Page>
  );
}

/** The statuses as links, so that the view and the month stay as they are. */
function StatusLinks({ status }: { status: EventStatus | undefined }) {
  const { common, words } = t();
  const all = [[null, common.all] as const, ...Object.entries(words.eventStatus)];
  return (
    <ul class="chips">
      {all.map(([value, text]) => (
        <li key={text}>
          <a
            href={hrefWith({ status: value })}
            aria-current={(status ?? null) === value ? 'true' : undefined}
          >
            {text}
          </a>
        </li>
      ))}
    </ul>
  );
}

function EventList({ status }: { status: EventStatus | undefined }) {
  const { events } = t();
  const cursor = query.value.get('cursor') ?? undefined;
  const asked = { ...(status && { status }), ...(cursor && { cursor }) };
  const page = useData(JSON.stringify(asked), (signal) =>
    ask(api.GET('/api/events', { params: { query: asked }, signal })),
  );
  const none = can('OPERATOR', 'ADMIN') ? events.emptyAll : events.emptyReader;
  return (
    <Section title={events.list}>
      <PagedTable
        caption={events.list}
        columns={columns()}
        rowKey={({ eventId }) => eventId}
        page={page}
        empty={status ? <a href={hrefWith({ status: null })}>{events.empty}</a> : none}
      />
    </Section>
  );
}

function columns(): Column<GameEvent>[] {
  const { events } = t();
  const time = (at: string, { period }: GameEvent) => <Time at={at} zone={period.timeZone} />;
  return [
    {
      title: events.event,
      cell: ({ eventId, title }) => (
        <a href={`/console/events/${encodeURIComponent(eventId)}`}>{title}</a>
      ),
    },
    { title: events.status, cell: ({ status }) => <EventStatusBadge status={status} /> },
    { title: events.opens, cell: (event) => time(event.startsAt, event) },
    { title: events.ends, cell: (event) => time(event.endsAt, event) },
    { title: events.claimable, cell: (event) => time(event.claimableUntil, event) },
    { title: events.provider, cell: ({ fulfillment }) => <code>{fulfillment.provider}</code> },
  ];
}
