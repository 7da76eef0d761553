/** The session of somebody whom the staff's provider named, who is made at the first sign-in. */
import type { Logger } from 'pino';
import { DomainError } from '../../domain/errors.ts';
import { externalIdOf } from '../../domain/external-id.ts';
import type { RefreshTokenStore } from '../../store/users/refresh-tokens.ts';
import type { UserStore } from '../../store/users/users.ts';
import type { CurrentUsers } from './current-users.ts';
import { lastAdminIsForbidden } from './external-sign-in.ts';
import type { StaffIdentity } from './staff-oidc.ts';

export interface StaffSessionDeps {
  store: { users: UserStore; refreshTokens: RefreshTokenStore };
  currentUsers: Pick<CurrentUsers, 'forget'>;
  log: Pick<Logger, 'info'>;
  now: () => Date;
}

/**
 * Gives the identity's user the role of their groups, and begins a session.
 * @param issuer the provider's name in the configuration
 * @param origin where the request came from, and its ID for the audit log, where the role changes
 * @returns the refresh token of the session
 * @throws DomainError `unauthenticated` for a subject that can be no external ID; `user_not_active`;
 *   `forbidden` where no active admin would be left
 */
export async function beginStaffSession(
  { store: { users, refreshTokens }, currentUsers, log, now }: StaffSessionDeps,
  issuer: string,
  { subject, displayName, role }: StaffIdentity,
  { requestId, from }: { requestId: string; from: string },
): Promise<string> {
  const externalId = externalIdOf(issuer, subject);
  if (externalId === null) throw gone();
  const userId = await users.ensureExternal(externalId, now());
  const actor = { userId: `issuer/${issuer}`, role: 'GAME_SERVER' } as const;
  const taken = { role, from: now(), displayName };
  await users
    .takeMappedRole({ actor, requestId }, userId, taken, now())
    .catch(lastAdminIsForbidden);
  currentUsers.forget(userId);
  const user = await users.get(userId);
  if (!user) throw gone();
  if (user.status !== 'ACTIVE') {
    throw new DomainError('user_not_active', `This user is ${user.status}.`);
  }
  log.info({ userId, from, issuer }, 'signed in');
  return await refreshTokens.issue({ userId, epoch: user.tokenEpoch, role: user.role }, now());
}

function gone(): DomainError {
  return new DomainError('unauthenticated', 'This sign-in does not fit. Begin again.');
}
