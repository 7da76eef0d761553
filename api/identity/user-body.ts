/** The user in the API's answers: its schema, and how it is made from the record. */
import { z } from '@hono/zod-openapi';
import { ROLES, USER_STATUSES } from '../../domain/user.ts';
import type { User } from '../../store/users/users.ts';

export const UserSchema = z
  .object({
    id: z.string().openapi({ example: 'usr_5f2b8c9d0e1a2b3c4d5e6f70' }),
    username: z.string(),
    displayName: z.string(),
    externalId: z.string().nullable().openapi({
      description: '`ext:{issuer name}:{subject}` of a trusted issuer’s user; null for all others.',
    }),
    role: z.enum(ROLES),
    status: z.enum(USER_STATUSES),
    createdAt: z.iso.datetime(),
    erasedAt: z.iso.datetime().optional().openapi({
      description: 'When the personal data were erased; absent where they were not.',
    }),
  })
  .openapi('User');

/** The user as the API shows them: no password hash, no token epoch. */
export function toUserBody(user: User): z.infer<typeof UserSchema> {
  const { userId, username, displayName, externalId, role, status, createdAt, erasedAt } = user;
  return {
    id: userId,
    username,
    displayName,
    externalId,
    role,
    status,
    createdAt: createdAt.toISOString(),
    ...(erasedAt && { erasedAt: erasedAt.toISOString() }),
  };
}
