import { api, ask } from '../app/api.ts';
import { useData } from '../app/data.ts';
import { query } from '../app/router.ts';
import { can } from '../app/session.ts';
import { t } from '../app/text/index.ts';
import type { Claim } from '../app/types.ts';
import { ClaimStateBadge } from '../parts/badge.tsx';
import { EventName } from '../parts/event-name.tsx';
import { type Filter, Filters } from '../parts/filters.tsx';
import { Page, Section } from '../parts/page.tsx';
import { type Column, PagedTable } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';
import { BulkActions } from './claims/bulk-actions.tsx';
import { CauseGroups, StateGroups } from './claims/claim-groups.tsx';
import { type ClaimFilter, claimFilter } from './claims/filter.ts';

/** Claims by the contract's filters: counted by cause, listed, and retried or aborted together. */
export function Claims() {
  const { claims } = t();
  const filter = claimFilter(query.value);
  const isParked = filter.state === 'NEEDS_ATTENTION';
  return (
    <Page title={claims.title}>
      <Filters filters={fields()} />
      <StateGroups filter={filter} />
      {(filter.state === undefined || isParked) && <CauseGroups filter={filter} />}
      {isParked && can('ADMIN') && <BulkActions filter={filter} />}
      <Section title={claims.list}>
        <ClaimList filter={filter} />
      </Section>
    </Page>
  );
}

function fields(): Filter[] {
  const { claims, words } = t();
  return [
    { name: 'state', label: claims.state, options: Object.entries(words.claimState) },
    { name: 'reason', label: claims.reason, options: Object.entries(words.reason) },
    { name: 'eventId', label: claims.eventId },
    { name: 'userId', label: claims.userId },
    { name: 'provider', label: claims.provider },
    { name: 'rewardId', label: claims.rewardId, isMore: true },
    { name: 'periodKey', label: claims.periodKey, isMore: true },
    { name: 'idempotencyKey', label: claims.idempotencyKey, isMore: true },
    { name: 'from', label: claims.from, isTime: true, isMore: true },
    { name: 'to', label: claims.to, isTime: true, isMore: true },
  ];
}

function ClaimList({ filter }: { filter: ClaimFilter }) {
  const { claims } = t();
  const cursor = query.value.get('cursor') ?? undefined;
  const asked = { ...filter, ...(cursor && { cursor }) };
  const page = useData(JSON.stringify(asked), (signal) =>
    ask(api.GET('/api/event-claims', { params: { query: asked }, signal })),
  );
  const isFiltered = Object.keys(filter).length > 0;
  return (
    <PagedTable
      caption={claims.list}
      columns={columns()}
      rowKey={(claim) => claim.claimId}
      page={page}
      empty={isFiltered ? claims.empty : claims.emptyAll}
    />
  );
}

function columns(): Column<Claim>[] {
  const { claims, words } = t();
  return [
    {
      title: claims.claim,
      cell: ({ claimId }) => (
        <a href={`/console/claims/${encodeURIComponent(claimId)}`}>
          <code>{claimId}</code>
        </a>
      ),
    },
    { title: claims.state, cell: ({ state }) => <ClaimStateBadge state={state} /> },
    { title: claims.reason, cell: ({ reason }) => reason && words.reason[reason] },
    { title: claims.rewards, cell: ({ lines }) => lines.map(({ name }) => name).join(', ') },
    { title: claims.event, cell: ({ eventId }) => <EventName eventId={eventId} /> },
    {
      title: claims.user,
      cell: ({ userId }) => (
        <a href={`/console/players/${encodeURIComponent(userId)}`}>
          <code>{userId}</code>
        </a>
      ),
    },
    { title: claims.created, cell: ({ createdAt }) => <Time at={createdAt} /> },
  ];
}
