import { api, ask } from '../../app/api.ts';
import { useData } from '../../app/data.ts';
import { number } from '../../app/format.ts';
import { query } from '../../app/router.ts';
import { t } from '../../app/text/index.ts';
import type { Progress } from '../../app/types.ts';
import { Section } from '../../parts/page.tsx';
import { type Column, PagedTable } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';

/** Rows of a page: a screen with other parts below shows few. */
const LISTED = 20;

/** What is counted for the player, by metric and key, over all time. */
export function ProgressOfPlayer({ userId }: { userId: string }) {
  const { player } = t();
  const cursor = query.value.get('progress');
  const page = useData(`${userId} ${cursor}`, (signal) =>
    ask(
      api.GET('/api/users/{userId}/progress', {
        params: { path: { userId }, query: { limit: LISTED, ...(cursor && { cursor }) } },
        signal,
      }),
    ),
  );
  return (
    <Section title={player.progress}>
      <PagedTable
        caption={player.progress}
        columns={columns()}
        rowKey={({ metric, key }) => `${metric} ${key}`}
        page={page}
        cursorName="progress"
        empty={player.noProgress}
      />
    </Section>
  );
}

function columns(): Column<Progress>[] {
  const { player } = t();
  const maybe = (value: number | null) => value !== null && number(value);
  return [
    {
      title: player.metric,
      cell: ({ metric, key }) => <code>{key === null ? metric : `${metric} ${key}`}</code>,
    },
    { title: player.sum, cell: ({ sum }) => number(sum), isNumber: true },
    { title: player.highest, cell: ({ highest }) => maybe(highest), isNumber: true },
    { title: player.latest, cell: ({ latest }) => maybe(latest), isNumber: true },
    { title: player.lastSeen, cell: ({ lastSeenAt }) => <Time at={lastSeenAt} /> },
  ];
}
