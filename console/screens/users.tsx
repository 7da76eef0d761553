import { useState } from 'preact/hooks';
import { api, ask } from '../app/api.ts';
import { useData } from '../app/data.ts';
import { query } from '../app/router.ts';
import { t, wordFor } from '../app/text/index.ts';
import type { User, UserStatus } from '../app/types.ts';
import { Badge, type Tone } from '../parts/badge.tsx';
import { Filters } from '../parts/filters.tsx';
import { Page, Section } from '../parts/page.tsx';
import { type Column, PagedTable } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';
import { UserDialog } from './users/user-dialog.tsx';

const TONES: Record<UserStatus, Tone> = {
  ACTIVE: 'good',
  SUSPENDED: 'warn',
  BANNED: 'bad',
  WITHDRAWN: 'plain',
};

/** Users with their roles and status, which an admin may change. */
export function Users() {
  const { users, words } = t();
  const given = query.value;
  const names = ['query', 'role', 'status'].filter((name) => given.get(name));
  const cursor = given.get('cursor');
  const filter = Object.fromEntries(names.map((name) => [name, given.get(name) ?? '']));
  const asked = { ...filter, ...(cursor && { cursor }) };
  const page = useData(JSON.stringify(asked), (signal) =>
    ask(api.GET('/api/users', { params: { query: asked }, signal })),
  );
  const [changing, setChanging] = useState<User>();
  return (
    <Page title={users.title}>
      <Filters
        filters={[
          { name: 'query', label: users.query },
          { name: 'role', label: users.role, options: Object.entries(words.role) },
          { name: 'status', label: users.status, options: Object.entries(words.userStatus) },
        ]}
      />
      <Section title={users.list}>
        <PagedTable
          caption={users.list}
          columns={columns(setChanging)}
          rowKey={({ id }) => id}
          page={page}
          empty={names.length > 0 ? users.empty : users.emptyAll}
        />
      </Section>
      {changing && (
        <UserDialog
          user={changing}
          onClose={() => setChanging(undefined)}
          onChanged={page.reload}
        />
      )}
    </Page>
  );
}

function columns(onChange: (user: User) => void): Column<User>[] {
  const { users, words } = t();
  return [
    {
      title: users.username,
      cell: ({ id, username }) => (
        <a href={`/console/players/${encodeURIComponent(id)}`}>{username}</a>
      ),
    },
    { title: users.displayName, cell: ({ displayName }) => displayName },
    { title: users.role, cell: ({ role }) => wordFor(words.role, role) },
    {
      title: users.status,
      cell: ({ status }) => <Badge tone={TONES[status]}>{wordFor(words.userStatus, status)}</Badge>,
    },
    { title: users.created, cell: ({ createdAt }) => <Time at={createdAt} /> },
    {
      title: users.change,
      cell: (user) => (
        <button
          type="button"
          class="small"
          aria-label={users.changeOf(user.username)}
          onClick={() => onChange(user)}
        >
          {users.changeButton}
        </button>
      ),
    },
  ];
}
