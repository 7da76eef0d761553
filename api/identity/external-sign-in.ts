/** From a trusted issuer's token to its user, who is made when the first such token comes. */
import { BoundedMap } from '../../domain/bounded-map.ts';
import { DomainError } from '../../domain/errors.ts';
import type { User, UserStore } from '../../store/users/users.ts';
import type { CurrentUsers } from './current-users.ts';
import type { ExternalIdentity, TrustedIssuers } from './issuers.ts';
import type { Verified } from './tokens.ts';

/** External IDs whose users are remembered; a few MiB. */
const MOST_REMEMBERED = 10_000;

export interface ExternalSignInDeps {
  users: Pick<UserStore, 'ensureExternal' | 'takeMappedRole'>;
  currentUsers: CurrentUsers;
  issuers: TrustedIssuers;
  now: () => Date;
}

export type ExternalSignIn = ReturnType<typeof createExternalSignIn>;

/** Signs the users of trusted issuers in, by the tokens of their issuers. */
export function createExternalSignIn({ users, currentUsers, issuers, now }: ExternalSignInDeps) {
  const remembered = new BoundedMap<string, string>(MOST_REMEMBERED);

  async function userOf(externalId: string): Promise<User> {
    const known = remembered.get(externalId);
    const user = known === undefined ? null : await currentUsers.get(known);
    // An external ID may be taken from a user. The next one to come with it is another user.
    if (user?.externalId === externalId) return user;
    const userId = await users.ensureExternal(externalId, now());
    currentUsers.forget(userId);
    const made = await currentUsers.get(userId);
    if (made?.externalId !== externalId) throw gone();
    remembered.set(externalId, userId);
    return made;
  }

  /** The issuer decides the role where it maps roles at all: the latest token's role counts. */
  async function withMappedRole(user: User, identity: ExternalIdentity, requestId: string) {
    const { mapped, issuer } = identity;
    const isSettled =
      mapped === null ||
      mapped.role === user.role ||
      (user.roleFrom !== null && mapped.from <= user.roleFrom);
    if (isSettled) return user;
    const actor = { userId: `issuer/${issuer}`, role: 'GAME_SERVER' } as const;
    await users
      .takeMappedRole({ actor, requestId }, user.userId, mapped, now())
      .catch(lastAdminIsForbidden);
    currentUsers.forget(user.userId);
    return (await currentUsers.get(user.userId)) ?? user;
  }

  return {
    /**
     * The user of a trusted issuer's token; null where the token is of no trusted issuer.
     * @param requestId for the audit log, where the token changes the user's role
     * @throws DomainError `unauthenticated`, `token_expired`, `unavailable`; `user_not_active`;
     *   `forbidden` where the token would leave Laurel without an active admin
     */
    async verify(token: string, requestId: string): Promise<Verified | null> {
      const issuer = issuers.issuerOf(token);
      if (!issuer) return null;
      const identity = await issuer.verify(token);
      const known = await userOf(identity.externalId);
      if (known.status !== 'ACTIVE') {
        throw new DomainError('user_not_active', `This user is ${known.status}.`);
      }
      const { userId, tokenEpoch } = await withMappedRole(known, identity, requestId);
      return { userId, epoch: tokenEpoch, expiresAt: identity.expiresAt };
    },
  };
}

/** The user's external ID was taken from them in this moment. */
function gone(): DomainError {
  return new DomainError('unauthenticated', 'This user no longer exists.');
}

/** Says so where a mapped role would take Laurel's last active admin; anything else is thrown on. */
export function lastAdminIsForbidden(error: unknown): never {
  if (!(error instanceof DomainError) || error.code !== 'conflict') throw error;
  const detail =
    'Your issuer no longer makes you an admin, and you are the last active one: another must be appointed first.';
  throw new DomainError('forbidden', detail, { cause: error });
}
