/** Makes the first admin at start-up, who then appoints all others. */
import type { User, UserStore } from '../../store/users/users.ts';
import type { Passwords } from './passwords.ts';

/**
 * Makes the first admin, unless a user of that name exists: that user keeps their role, status and
 * password. Every API process may do it at its start.
 * @returns the user of that name
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
