/** Signed-in players, created without the password hashing that a registration takes. */
import { createTokens, type Tokens } from '../../api/identity/tokens.ts';
import { type Collections, insertAll, newId } from './collections.ts';

export interface Player {
  userId: string;
  token: string;
}

/** Life of a token: longer than any measurement. */
const TOKEN_TTL_S = 86_400;

/** Issues tokens as an API with these `JWT_KEYS` does. */
export async function tokensOf(jwtKeys: string): Promise<Tokens> {
  return await createTokens({
    keys: JSON.parse(jwtKeys),
    ttlS: TOKEN_TTL_S,
    now: () => new Date(),
  });
}

/** Inserts new players, each with a token. */
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

/** An active player's document, with a password hash that no password has. */
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
