import { api, ask } from '../app/api.ts';
import { useData } from '../app/data.ts';
import { query } from '../app/router.ts';
import { t, wordFor } from '../app/text/index.ts';
import type { Role, User, UserStatus } from '../app/types.ts';
import { UserStatusBadge } from '../parts/badge.tsx';
import { type Filter, Filters } from '../parts/filters.tsx';
import { Page, Section } from '../parts/page.tsx';
import { type Column, PagedTable } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';

/** Users by the beginning of their name, role and status. */
export function Players() {
  const { players } = t();
  const asked = {
    ...given('query'),
    ...given<'role', Role>('role'),
    ...given<'status', UserStatus>('status'),
    ...given('cursor'),
  };
  const page = useData(JSON.stringify(asked), (signal) =>
    ask(api.GET('/api/users', { params: { query: asked }, signal })),
  );
  return (
    <Page title={players.title}>
      <Filters filters={fields()} />
      <Section title={players.list}>
        <PagedTable
          caption={players.list}
          columns={columns()}
          rowKey={({ id }) => id}
          page={page}
          empty={Object.keys(asked).length > 0 ? players.empty : players.emptyAll}
        />
      </Section>
    </Page>
  );
}

/** A query parameter of the address as one of the API; nothing where it is not given. */
function given<Name extends string, Value extends string = string>(
  name: Name,
): { [N in Name]?: Value } {
  const value = query.value.get(name);
  return value ? ({ [name]: value } as { [N in Name]?: Value }) : {};
}

function fields(): Filter[] {
  const { players, words } = t();
  return [
    { name: 'query', label: players.query },
    { name: 'status', label: players.status, options: Object.entries(words.userStatus) },
    { name: 'role', label: players.role, options: Object.entries(words.role) },
  ];
}

function columns(): Column<User>[] {
  const { players, words } = t();
  return [
    {
      title: players.username,
      cell: ({ id, username }) => (
        <a href={`/console/players/${encodeURIComponent(id)}`}>{username}</a>
      ),
    },
    { title: players.displayName, cell: ({ displayName }) => displayName },
    { title: players.status, cell: ({ status }) => <UserStatusBadge status={status} /> },
    { title: players.role, cell: ({ role }) => wordFor(words.role, role) },
    { title: players.created, cell: ({ createdAt }) => <Time at={createdAt} /> },
  ];
}
