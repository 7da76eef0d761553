import { api, ask } from '../app/api.ts';
import { useData } from '../app/data.ts';
import { query } from '../app/router.ts';
import { t, wordFor } from '../app/text/index.ts';
import type { AuditEntry } from '../app/types.ts';
import { EventName } from '../parts/event-name.tsx';
import { Filters } from '../parts/filters.tsx';
import { Page, Section } from '../parts/page.tsx';
import { SaveFile } from '../parts/save-file.tsx';
import { type Column, PagedTable } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';
import { UserName } from '../parts/user-name.tsx';
import { Differences } from './audit-log/differences.tsx';
import { Verification } from './audit-log/verification.tsx';

const FILTERS = ['actorId', 'action', 'targetId', 'from', 'to'] as const;

/** Who changed what, before and after; all that fits can be saved as a file. */
export function AuditLog() {
  const { auditLog } = t();
  const given = query.value;
  const filter = Object.fromEntries(
    FILTERS.filter((name) => given.get(name)).map((name) => [name, given.get(name) ?? '']),
  );
  const cursor = given.get('cursor');
  const asked = { ...filter, ...(cursor && { cursor }) };
  const page = useData(JSON.stringify(asked), (signal) =>
    ask(api.GET('/api/audit-log', { params: { query: asked }, signal })),
  );
  const isFiltered = Object.keys(filter).length > 0;
  return (
    <Page title={auditLog.title}>
      <Filters
        filters={[
          { name: 'action', label: auditLog.action, options: Object.entries(auditLog.actions) },
          { name: 'actorId', label: auditLog.actorId },
          { name: 'targetId', label: auditLog.targetId },
          { name: 'from', label: auditLog.from, isTime: true },
          { name: 'to', label: auditLog.to, isTime: true },
        ]}
      />
      <Section
        title={auditLog.list}
        actions={
          <SaveFile
            url={`/api/audit-log?${new URLSearchParams(filter)}`}
            fileName="audit-log"
            label={auditLog.export}
          />
        }
      >
        <PagedTable
          caption={auditLog.list}
          columns={columns()}
          rowKey={({ seq }) => String(seq)}
          page={page}
          empty={isFiltered ? auditLog.empty : auditLog.emptyAll}
        />
      </Section>
      <Verification />
    </Page>
  );
}

function columns(): Column<AuditEntry>[] {
  const { auditLog, words } = t();
  return [
    { title: auditLog.at, cell: ({ at }) => <Time at={at} /> },
    { title: auditLog.action, cell: ({ action }) => wordFor(auditLog.actions, action) },
    {
      title: auditLog.actor,
      cell: ({ actorId, actorRole, from }) => (
        <>
          <UserName userId={actorId} /> <span class="quiet">{wordFor(words.role, actorRole)}</span>{' '}
          {from !== null && <span class="quiet">{from}</span>}
        </>
      ),
    },
    { title: auditLog.target, cell: (entry) => <Target of={entry} /> },
    {
      title: auditLog.change,
      cell: ({ before, after }) => <Differences before={before} after={after} />,
    },
    { title: auditLog.seq, cell: ({ seq }) => seq, isNumber: true },
  ];
}

/** What was changed, as a link to it; the action says what it is. */
function Target({ of }: { of: AuditEntry }) {
  const { targetId, action } = of;
  const id = encodeURIComponent(targetId);
  const [kind] = action.split('.');
  if (kind === 'event' && action !== 'event.delete') return <EventName eventId={targetId} />;
  // A service key is shown as its account.
  if (kind === 'user' || kind?.startsWith('service_')) return <UserName userId={targetId} />;
  const code = <code>{targetId}</code>;
  if (kind === 'claim') return <a href={`/console/claims/${id}`}>{code}</a>;
  const isOperation = kind === 'operation' || kind === 'claims';
  return isOperation ? <a href={`/console/operations/${id}`}>{code}</a> : code;
}
