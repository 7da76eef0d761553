/** Roles and states of a user. */

export const ROLES = ['PLAYER', 'OPERATOR', 'AUDITOR', 'ADMIN', 'GAME_SERVER'] as const;
export type Role = (typeof ROLES)[number];

/** Who may read everything: the contract's word *staff*. */
export const STAFF = ['OPERATOR', 'AUDITOR', 'ADMIN'] as const satisfies readonly Role[];

export const USER_STATUSES = ['ACTIVE', 'SUSPENDED', 'BANNED', 'WITHDRAWN'] as const;
export type UserStatus = (typeof USER_STATUSES)[number];

/** The fewest and the most characters. */
export const USERNAME_LENGTH = [3, 64] as const;
export const PASSWORD_LENGTH = [12, 128] as const;

export function isStaff(role: Role): boolean {
  return (STAFF as readonly Role[]).includes(role);
}
