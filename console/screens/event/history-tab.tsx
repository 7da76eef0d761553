import type { components } from '../../../client/index.ts';
import { api, ask } from '../../app/api.ts';
import { useData } from '../../app/data.ts';
import { hrefTo, query } from '../../app/router.ts';
import { can } from '../../app/session.ts';
import { t, wordFor } from '../../app/text/index.ts';
import { EventName } from '../../parts/event-name.tsx';
import { Section } from '../../parts/page.tsx';
import { SaveFile } from '../../parts/save-file.tsx';
import { type Column, PagedTable } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';
import { UserName } from '../../parts/user-name.tsx';
import { FieldValue, fieldLabel } from '../events/field-value.tsx';
import type { GameEvent } from '../events/types.ts';

type EventVersion = components['schemas']['EventVersion'];
type Change = EventVersion['changes'][number];

/** Who changed this event, what, and when. */
export function HistoryTab({ event }: { event: GameEvent }) {
  const { event: texts } = t();
  const { eventId } = event;
  const cursor = query.value.get('cursor') ?? undefined;
  const key = `${eventId} ${event.version} ${cursor}`;
  const page = useData(key, (signal) =>
    ask(
      api.GET('/api/events/{eventId}/versions', {
        params: { path: { eventId }, query: { ...(cursor && { cursor }) } },
        signal,
      }),
    ),
  );
  return (
    <Section
      title={texts.history}
      actions={
        can('AUDITOR', 'ADMIN') && (
          <>
            <a href={hrefTo('/console/audit-log', { targetId: eventId })}>{texts.inAuditLog}</a>
            <SaveFile
              url={`/api/audit-log?${new URLSearchParams({ targetId: eventId })}`}
              fileName={`${eventId}-audit-log`}
              label={texts.export}
            />
          </>
        )
      }
    >
      <PagedTable
        caption={texts.history}
        columns={columns(event.period.timeZone)}
        rowKey={({ version, at }) => `${version} ${at}`}
        page={page}
        empty={texts.historyEmpty}
      />
    </Section>
  );
}

function columns(zone: string): Column<EventVersion>[] {
  const { event: texts, words } = t();
  return [
    { title: texts.version, cell: ({ version }) => texts.versionOf(String(version)) },
    { title: texts.changedAt, cell: ({ at }) => <Time at={at} isExact /> },
    {
      title: texts.changedBy,
      cell: ({ actorId, actorRole }) => (
        <>
          <UserName userId={actorId} /> <span class="quiet">{wordFor(words.role, actorRole)}</span>
        </>
      ),
    },
    { title: texts.what, cell: (row) => <What row={row} zone={zone} /> },
  ];
}

function What({ row, zone }: { row: EventVersion; zone: string }) {
  const { event: texts } = t();
  const { action, clonedFrom, changes } = row;
  return (
    <div class="stack">
      <p>
        <strong>{wordFor(texts.did, action)}</strong>{' '}
        {clonedFrom && (
          <>
            ({texts.clonedFrom}: <EventName eventId={clonedFrom} />)
          </>
        )}
      </p>
      {changes.length > 0 && (
        <dl class="facts">
          {changes.map((change) => (
            <OneChange key={change.pointer} change={change} zone={zone} />
          ))}
        </dl>
      )}
    </div>
  );
}

function OneChange({ change, zone }: { change: Change; zone: string }) {
  const { event: texts } = t();
  const path = change.pointer.split('/').slice(1);
  return (
    <div>
      <dt>{fieldLabel(path)}</dt>
      <dd class="change">
        <del>
          <span class="unseen">{texts.before}: </span>
          <FieldValue path={path} value={change.before} zone={zone} />
        </del>
        <span aria-hidden="true">→</span>
        <ins>
          <span class="unseen">{texts.after}: </span>
          <FieldValue path={path} value={change.after} zone={zone} />
        </ins>
      </dd>
    </div>
  );
}
