import { api, ask } from '../app/api.ts';
import { useData, useEvery } from '../app/data.ts';
import { query } from '../app/router.ts';
import { t, wordFor } from '../app/text/index.ts';
import type { Operation } from '../app/types.ts';
import { Filters } from '../parts/filters.tsx';
import { Page, Section } from '../parts/page.tsx';
import { type Column, PagedTable } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';
import { UserName } from '../parts/user-name.tsx';
import {
  OperationFilter,
  OperationProgress,
  OperationStateBadge,
} from './operations/operation-parts.tsx';

/** How often the list is read while one of its operations runs, in milliseconds. */
const READ_EVERY_MS = 2_000;

/** Bulk operations, the newest first, with how far each is. */
export function Operations() {
  const { operations, words } = t();
  const state = (query.value.get('state') ?? undefined) as Operation['state'] | undefined;
  const cursor = query.value.get('cursor') ?? undefined;
  const asked = { ...(state && { state }), ...(cursor && { cursor }) };
  const page = useData(JSON.stringify(asked), (signal) =>
    ask(api.GET('/api/operations', { params: { query: asked }, signal })),
  );
  const isRunning = page.data?.items.some((operation) => operation.state === 'RUNNING') ?? false;
  useEvery(isRunning ? READ_EVERY_MS : null, page.reload);
  const options = Object.entries(words.operationState);
  return (
    <Page title={operations.title}>
      <Filters filters={[{ name: 'state', label: operations.state, options }]} />
      <Section title={operations.list}>
        <PagedTable
          caption={operations.list}
          columns={columns()}
          rowKey={({ operationId }) => operationId}
          page={page}
          empty={
            <>
              {state ? operations.empty : operations.emptyAll}{' '}
              <a href="/console/claims?state=NEEDS_ATTENTION">{operations.toParked}</a>
            </>
          }
        />
      </Section>
    </Page>
  );
}

function columns(): Column<Operation>[] {
  const { operations, words } = t();
  return [
    {
      title: operations.operation,
      cell: ({ operationId }) => (
        <a href={`/console/operations/${encodeURIComponent(operationId)}`}>
          <code>{operationId}</code>
        </a>
      ),
    },
    { title: operations.action, cell: ({ action }) => wordFor(words.action, action) },
    { title: operations.state, cell: ({ state }) => <OperationStateBadge state={state} /> },
    { title: operations.progress, cell: (operation) => <OperationProgress of={operation} /> },
    { title: operations.filter, cell: ({ filter }) => <OperationFilter filter={filter} /> },
    { title: operations.by, cell: ({ by }) => <UserName userId={by} /> },
    { title: operations.created, cell: ({ createdAt }) => <Time at={createdAt} /> },
  ];
}
