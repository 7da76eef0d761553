import { signal } from '@preact/signals';
import { api, ask } from '../app/api.ts';

/** Usernames by user ID, asked for once while the page is open. */
const names = new Map<string, ReturnType<typeof signal<string | undefined>>>();

function nameOf(userId: string) {
  const known = names.get(userId);
  if (known) return known;
  const name = signal<string | undefined>(undefined);
  names.set(userId, name);
  void ask(api.GET('/api/users/{userId}', { params: { path: { userId } } })).then((answer) => {
    if (answer.ok) name.value = answer.data.username;
    // A user who is gone stays unknown; asking again helps where there was no answer.
    else if (answer.problem.status !== 404) names.delete(userId);
  });
  return name;
}

/** What the IDs of users begin with; what Laurel does by itself has another actor. */
const USER_ID = 'usr_';

/** A username as a link to its user; the ID until the name is known. */
export function UserName({ userId }: { userId: string }) {
  return userId.startsWith(USER_ID) ? <KnownUser userId={userId} /> : <code>{userId}</code>;
}

function KnownUser({ userId }: { userId: string }) {
  const name = nameOf(userId).value;
  return (
    <a href={`/console/players/${encodeURIComponent(userId)}`}>{name ?? <code>{userId}</code>}</a>
  );
}
