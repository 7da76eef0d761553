/** Which role somebody else's token gives here, by the groups that it names. */
import type { JWTPayload } from 'jose';
import type { Role } from '../../domain/user.ts';

/** How the groups of a token become a role. */
export interface RoleMapping {
  /** The token's claim: one group, or a list of them. */
  claim: string;
  /** The role of each group. */
  map: Readonly<Record<string, Role>>;
}

/** Of several roles that a token gives, the first one here counts. */
const STRONGEST_FIRST: readonly Role[] = [
  'ADMIN',
  'OPERATOR',
  'AUDITOR',
  'SUPPORT',
  'GAME_SERVER',
  'PLAYER',
];

/** The strongest role of the token's groups; undefined where no group has one. */
export function roleOf(payload: JWTPayload, { claim, map }: RoleMapping): Role | undefined {
  const said = Object.hasOwn(payload, claim) ? payload[claim] : undefined;
  const groups: unknown[] = Array.isArray(said) ? said : [said];
  const given = Object.entries(map)
    .filter(([group]) => groups.includes(group))
    .map(([, role]) => role);
  return STRONGEST_FIRST.find((role) => given.includes(role));
}
