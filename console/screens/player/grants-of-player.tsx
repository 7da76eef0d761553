import { api, ask } from '../../app/api.ts';
import { useData } from '../../app/data.ts';
import { number } from '../../app/format.ts';
import { query } from '../../app/router.ts';
import { t } from '../../app/text/index.ts';
import type { Grant } from '../../app/types.ts';
import { EventName } from '../../parts/event-name.tsx';
import { Section } from '../../parts/page.tsx';
import { type Column, PagedTable } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';

/** Rows of a page: a screen with other parts below shows few. */
const LISTED = 20;

/** What the player was granted, the latest first. */
export function GrantsOfPlayer({ userId }: { userId: string }) {
  const { player } = t();
  const cursor = query.value.get('grants');
  const page = useData(`${userId} ${cursor}`, (signal) => {
    const asked = { userId, limit: LISTED, ...(cursor && { cursor }) };
    return ask(api.GET('/api/grants', { params: { query: asked }, signal }));
  });
  return (
    <Section title={player.grants}>
      <PagedTable
        caption={player.grants}
        columns={columns()}
        rowKey={({ grantId }) => grantId}
        page={page}
        cursorName="grants"
        empty={player.noGrants}
      />
    </Section>
  );
}

function columns(): Column<Grant>[] {
  const { player } = t();
  return [
    { title: player.grant, cell: ({ name }) => name },
    { title: player.quantity, cell: ({ quantity }) => number(quantity), isNumber: true },
    { title: player.event, cell: ({ eventId }) => <EventName eventId={eventId} /> },
    { title: player.grantedAt, cell: ({ grantedAt }) => <Time at={grantedAt} /> },
    {
      title: player.claim,
      cell: ({ claimId }) => (
        <a href={`/console/claims/${encodeURIComponent(claimId)}`}>
          <code>{claimId}</code>
        </a>
      ),
    },
  ];
}
