/** Users: their roles, their states and the limits of their fields. */

export const ROLES = ['PLAYER', 'SUPPORT', 'OPERATOR', 'AUDITOR', 'ADMIN', 'GAME_SERVER'] as const;
export type Role = (typeof ROLES)[number];

/** The roles that read what players may not. The contract calls them *staff*. */
export const STAFF = ['SUPPORT', 'OPERATOR', 'AUDITOR', 'ADMIN'] as const satisfies readonly Role[];

/** The roles of service accounts: servers and tools that sign in with a key. */
export const SERVICE_ROLES = [
  'GAME_SERVER',
  'SUPPORT',
  'AUDITOR',
] as const satisfies readonly Role[];
export type ServiceRole = (typeof SERVICE_ROLES)[number];

export const USER_STATUSES = ['ACTIVE', 'SUSPENDED', 'BANNED', 'WITHDRAWN'] as const;
export type UserStatus = (typeof USER_STATUSES)[number];

/** The fewest and the most characters, as the HTTP contract says. */
export const USERNAME_LENGTH = [3, 64] as const;
/** In code points. */
export const DISPLAY_NAME_LENGTH = [1, 64] as const;
/** As above. */
export const PASSWORD_LENGTH = [12, 128] as const;

/** Whether a service account may have this role. */
export function isServiceRole(role: Role): role is ServiceRole {
  return (SERVICE_ROLES as readonly Role[]).includes(role);
}

/** Whether a role is one of staff. */
export function isStaff(role: Role): boolean {
  return (STAFF as readonly Role[]).includes(role);
}
