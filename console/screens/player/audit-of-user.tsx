import { api, ask } from '../../app/api.ts';
import { useData } from '../../app/data.ts';
import { query } from '../../app/router.ts';
import { t, wordFor } from '../../app/text/index.ts';
import type { AuditEntry, User } from '../../app/types.ts';
import { Section } from '../../parts/page.tsx';
import { type Column, PagedTable } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';

/** Rows of a page: a screen with other parts above shows few. */
const LISTED = 20;

/** Who changed this user, the latest first. */
export function AuditOfUser({ user: { id, status } }: { user: User }) {
  const { player } = t();
  const cursor = query.value.get('audit');
  // A change of the status is a new entry.
  const page = useData(`${id} ${status} ${cursor}`, (signal) => {
    const asked = { targetId: id, limit: LISTED, ...(cursor && { cursor }) };
    return ask(api.GET('/api/audit-log', { params: { query: asked }, signal }));
  });
  return (
    <Section title={player.audit}>
      <PagedTable
        caption={player.audit}
        columns={columns()}
        rowKey={({ seq }) => String(seq)}
        page={page}
        cursorName="audit"
        empty={player.noAudit}
      />
    </Section>
  );
}

function columns(): Column<AuditEntry>[] {
  const { player } = t();
  return [
    { title: player.at, cell: ({ at }) => <Time at={at} isExact /> },
    { title: player.action, cell: ({ action }) => <code>{action}</code> },
    { title: player.by, cell: ({ actorId }) => <code>{actorId}</code> },
    { title: player.before, cell: ({ before }) => <Values of={before} /> },
    { title: player.after, cell: ({ after }) => <Values of={after} /> },
  ];
}

/** An entry's role and status in words, anything else as it is recorded. */
function Values({ of }: { of: unknown }) {
  if (of === null || of === undefined) return null;
  const { role, status, ...rest } = of as Record<string, unknown>;
  const isMore = Object.keys(rest).length > 0;
  if (typeof role !== 'string' || typeof status !== 'string' || isMore) {
    return <code>{JSON.stringify(of)}</code>;
  }
  const { words } = t();
  return (
    <>
      {wordFor(words.role, role)}, {wordFor(words.userStatus, status)}
    </>
  );
}
