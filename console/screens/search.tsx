import { useEffect, useState } from 'preact/hooks';
import { useData } from '../app/data.ts';
import { go, hrefTo, query } from '../app/router.ts';
import { t } from '../app/text/index.ts';
import { ClaimStateBadge, UserStatusBadge } from '../parts/badge.tsx';
import { TextField } from '../parts/field.tsx';
import { LoadedPart, Loading } from '../parts/loaded.tsx';
import { Page, Section } from '../parts/page.tsx';
import { Table } from '../parts/table.tsx';
import { type Found, find, type Hit } from './search/find.ts';

/** Finds users, claims, events and operations. With `open=first` it goes on to the first hit. */
export function Search() {
  const { search } = t();
  const text = query.value.get('q')?.trim() ?? '';
  const opensFirst = query.value.get('open') === 'first';
  const found = useData(text || null, (signal) => find(text, signal));
  const first = found.data?.text === text ? found.data.hits[0] : undefined;
  useEffect(() => {
    if (opensFirst && first) go(first.href, { replace: true });
  }, [opensFirst, first]);
  return (
    <Page title={search.title}>
      <SearchForm key={text} text={text} />
      {text === '' ? (
        <p class="empty">{search.start}</p>
      ) : opensFirst && (first || (found.loading && !found.problem)) ? (
        <Loading />
      ) : (
        <LoadedPart of={found}>{(data) => <Results found={data} />}</LoadedPart>
      )}
    </Page>
  );
}

function SearchForm({ text }: { text: string }) {
  const { search, common, shell } = t();
  const [typed, setTyped] = useState(text);
  return (
    <search>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const wanted = typed.trim();
          if (wanted) go(hrefTo('/console/search', { q: wanted }));
        }}
      >
        <TextField
          label={search.field}
          hint={shell.searchHint}
          value={typed}
          onInput={setTyped}
          type="search"
          autocomplete="off"
        />
        <div class="actions">
          <button type="submit" class="primary">
            {common.search}
          </button>
        </div>
      </form>
    </search>
  );
}

function Results({ found }: { found: Found }) {
  const { search } = t();
  if (found.hits.length === 0) return <p class="empty">{search.empty(found.text)}</p>;
  return (
    <Section title={search.results}>
      <Table
        caption={search.results}
        rows={found.hits}
        rowKey={({ kind, id }) => `${kind} ${id}`}
        columns={[
          {
            title: search.name,
            cell: ({ href, name, id }) => (
              <a href={href}>{name === id ? <code>{id}</code> : name}</a>
            ),
          },
          { title: search.kind, cell: ({ kind }) => search[kind] },
          { title: search.detail, cell: (hit) => <Detail hit={hit} /> },
        ]}
      />
      {found.hasMore && <p class="quiet">{search.more}</p>}
    </Section>
  );
}

function Detail({ hit: { id, name, claimState, userStatus } }: { hit: Hit }) {
  return (
    <>
      {claimState && <ClaimStateBadge state={claimState} />}
      {userStatus && <UserStatusBadge status={userStatus} />} {name !== id && <code>{id}</code>}
    </>
  );
}
