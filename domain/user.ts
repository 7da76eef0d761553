/** Users: their roles, their states and the limits of their fields. */

export const ROLES = ['PLAYER', 'SUPPORT', 'OPERATOR', 'AUDITOR', 'ADMIN', 'GAME_SERVER'] as const;
export type Role = (typeof ROLES)[number];

/** The roles that read what players may not. The contract calls them *staff*. */
export const STAFF = ['SUPPORT', 'OPERATOR', 'AUDITOR', 'ADMIN'] as const satisfies readonly Role[];

export const USER_STATUSES = ['ACTIVE', 'SUSPENDED', 'BANNED', 'WITHDRAWN'] as const;
export type UserStatus = (typeof USER_STATUSES)[number];

/** The fewest and the most characters, as the HTTP contract says. */
export const USERNAME_LENGTH = [3, 64] as const;
/** In code points. */
export const DISPLAY_NAME_LENGTH = [1, 64] as const;
/** As above. */
export const PASSWORD_LENGTH = [12, 128] as const;

/** Whether a role is one of staff. */
export function isStaff(role: Role): boolean {
  return (STAFF as readonly Role[]).includes(role);
}
