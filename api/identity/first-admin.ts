/** The first admin, made at start-up so that there is someone to appoint all others. */
import type { User, UserStore } from '../../store/users/users.ts';
import type { Passwords } from './passwords.ts';

/**
 * Makes the first admin unless somebody has the name; then that user is left as they are, with
 * their role, status and password. Every API process may do it at its start.
 * @returns who has the name now
 */
export async function makeFirstAdmin(
  deps: { users: UserStore; passwords: Passwords; now: () => Date },
  admin: { username: string; password: string },
): Promise<User> {
  const { username } = admin;
  const known = await deps.users.findByUsername(username);
  if (known) return known;
  const passwordHash = await deps.passwords.hash(admin.password);
  return await deps.users.ensureAdmin(
    { username, displayName: username, passwordHash },
    deps.now(),
  );
}
