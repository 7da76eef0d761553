import { api, ask } from '../app/api.ts';
import { type Loaded, useData } from '../app/data.ts';
import { hrefWith, query } from '../app/router.ts';
import { t } from '../app/text/index.ts';
import type { ScreenProps } from '../app/types.ts';
import { Id } from '../parts/copy-button.tsx';
import { DefinitionList } from '../parts/definition-list.tsx';
import { LoadedPart } from '../parts/loaded.tsx';
import { Page } from '../parts/page.tsx';
import { Time } from '../parts/time.tsx';
import { EventActions } from './event/actions.tsx';
import { ClaimsTab } from './event/claims-tab.tsx';
import { DefinitionTab } from './event/definition-tab.tsx';
import { HistoryTab } from './event/history-tab.tsx';
import { LiveTab } from './event/live-tab.tsx';
import { EventStatusBadge } from './events/status-badge.tsx';
import type { GameEvent } from './events/types.ts';

const TABS = ['live', 'definition', 'claims', 'history'] as const;
type Tab = (typeof TABS)[number];

/** One event: how it stands, what it says, its claims, who changed it. */
export function Event({ params }: ScreenProps) {
  const { eventId = '' } = params;
  const { event: texts } = t();
  const event = useData(eventId, (signal) =>
    ask(api.GET('/api/events/{eventId}', { params: { path: { eventId } }, signal })),
  );
  const { data } = event;
  return (
    <Page
      title={data?.title ?? texts.title}
      actions={data && <EventActions event={data} reload={event.reload} />}
    >
      <LoadedPart of={event}>{(value) => <Shown event={value} loaded={event} />}</LoadedPart>
    </Page>
  );
}

function Shown({ event, loaded }: { event: GameEvent; loaded: Loaded<GameEvent> }) {
  const given = query.value.get('tab');
  const tab = TABS.find((name) => name === given) ?? 'live';
  return (
    <div class="page">
      <Facts event={event} />
      <Tabs current={tab} />
      {tab === 'live' && <LiveTab event={event} reload={loaded.reload} />}
      {tab === 'definition' && <DefinitionTab event={event} />}
      {tab === 'claims' && <ClaimsTab event={event} />}
      {tab === 'history' && <HistoryTab event={event} />}
    </div>
  );
}

function Facts({ event }: { event: GameEvent }) {
  const { event: texts, events } = t();
  const zone = event.period.timeZone;
  return (
    <DefinitionList
      rows={[
        [texts.status, <EventStatusBadge key="status" status={event.status} />],
        [events.opens, <Time key="opens" at={event.startsAt} zone={zone} />],
        [events.ends, <Time key="ends" at={event.endsAt} zone={zone} />],
        [texts.claimable, <Time key="until" at={event.claimableUntil} zone={zone} />],
        ['ID', <Id key="id" id={event.eventId} what={texts.id} />],
      ]}
    />
  );
}

function Tabs({ current }: { current: Tab }) {
  const { event: texts } = t();
  return (
    <nav class="tabs" aria-label={texts.tabs}>
      {TABS.map((tab) => (
        <a
          key={tab}
          href={hrefWith({ tab: tab === 'live' ? null : tab })}
          aria-current={tab === current ? 'page' : undefined}
        >
          {texts.tab[tab]}
        </a>
      ))}
    </nav>
  );
}
