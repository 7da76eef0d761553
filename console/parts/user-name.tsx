import { api, ask } from '../app/api.ts';
import { createNames } from '../app/names.ts';

const usernameOf = createNames(
  (userId) => ask(api.GET('/api/users/{userId}', { params: { path: { userId } } })),
  ({ username }) => username,
);

/** What the IDs of users begin with; what Laurel does by itself has another actor. */
const USER_ID = 'usr_';

/** A username as a link to its user; the ID until the name is known. */
export function UserName({ userId }: { userId: string }) {
  return userId.startsWith(USER_ID) ? <KnownUser userId={userId} /> : <code>{userId}</code>;
}

function KnownUser({ userId }: { userId: string }) {
  return (
    <a href={`/console/players/${encodeURIComponent(userId)}`}>
      {usernameOf(userId) ?? <code>{userId}</code>}
    </a>
  );
}
