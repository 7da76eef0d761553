/** Players who are signed in, without the second of hashing that each registration costs. */
import { createTokens, type Tokens } from '../../api/identity/tokens.ts';
import { type Collections, insertAll, newId } from './collections.ts';

export interface Player {
  userId: string;
  token: string;
}

/** Longer than any measurement. */
const TOKEN_TTL_S = 86_400;

/** Signs as the API does whose `JWT_KEYS` these are. */
export async function tokensOf(jwtKeys: string): Promise<Tokens> {
  return await createTokens({
    keys: JSON.parse(jwtKeys),
    ttlS: TOKEN_TTL_S,
    now: () => new Date(),
  });
}

/** New players in the store, each with a token. */
export async function makePlayers(
  { store }: Collections,
  tokens: Tokens,
  count: number,
): Promise<Player[]> {
  const userIds = Array.from({ length: count }, () => newId('usr'));
  const now = new Date();
  const records = userIds.map((userId) => recordOf(userId, now));
  await insertAll(store.users.model.collection, records);
  return await Promise.all(
    userIds.map(async (userId) => ({ userId, token: await tokens.issue({ userId, epoch: 0 }) })),
  );
}

/** An active player's record, with a password that nobody knows. */
export function recordOf(userId: string, registeredAt: Date): object {
  return {
    _id: userId,
    username: userId,
    usernameKey: userId,
    displayName: userId,
    passwordHash: 'nobody signs in with it',
    role: 'PLAYER',
    status: 'ACTIVE',
    statusAt: registeredAt,
    tokenEpoch: 0,
    createdAt: registeredAt,
    updatedAt: registeredAt,
  };
}
