/** External IDs in requests: `ext:{issuer name}:{subject}` stands wherever a user's ID does. */
import { z } from '@hono/zod-openapi';
import { DomainError } from '../../domain/errors.ts';
import { isExternalId, MAX_USER_ID_LENGTH, readExternalId } from '../../domain/external-id.ts';
import type { UserStore } from '../../store/users/users.ts';
import type { TrustedIssuers } from './issuers.ts';

export interface UserIdDeps {
  store: { users: Pick<UserStore, 'findExternal' | 'ensureExternal'> };
  issuers: Pick<TrustedIssuers, 'names'>;
}

/** What a parameter with a user's ID says in the API's description. */
export const OR_EXTERNAL = 'A user’s ID, or an external one: `ext:{issuer name}:{subject}`.';

/** In UTF-16 units, of which a character has two at most. */
const MOST_UNITS = 2 * MAX_USER_ID_LENGTH;

/** A query parameter with the ID of a user, of ours or external. @param description what it is for */
export const userIdFilter = (description = OR_EXTERNAL) =>
  z.string().max(MOST_UNITS).optional().openapi({ description });

/** @throws DomainError of that code where an external ID is malformed, or of no trusted issuer */
function readFrom({ issuers }: UserIdDeps, given: string, code: 'invalid_request' | 'not_found') {
  const read = readExternalId(given, issuers.names);
  if ('fault' in read) throw new DomainError(code, `${read.fault}.`);
  return read.externalId;
}

/**
 * The user ID that a filter names; undefined where it names none. An external ID that nobody has
 * stays as it is: it fits no record.
 * @throws DomainError `invalid_request` for an external ID that cannot be one
 */
export async function userIdInQuery(
  deps: UserIdDeps,
  given: string | undefined,
): Promise<string | undefined> {
  if (given === undefined || !isExternalId(given)) return given;
  const externalId = readFrom(deps, given, 'invalid_request');
  return (await deps.store.users.findExternal(externalId)) ?? externalId;
}

/**
 * The user ID that a path names.
 * @throws DomainError `not_found` for an external ID that cannot be one. One that nobody has stays
 *   as it is
 */
export async function userIdInPath(deps: UserIdDeps, given: string): Promise<string> {
  if (!isExternalId(given)) return given;
  const externalId = readFrom(deps, given, 'not_found');
  return (await deps.store.users.findExternal(externalId)) ?? externalId;
}

/** As `userIdInPath`; the user of an external ID that nobody has is made. */
export async function madeUserIdInPath(
  deps: UserIdDeps,
  given: string,
  now: Date,
): Promise<string> {
  if (!isExternalId(given)) return given;
  return await deps.store.users.ensureExternal(readFrom(deps, given, 'not_found'), now);
}

/** An external ID as `?externalId=` names it. @throws DomainError `invalid_request` */
export function externalIdInQuery(deps: UserIdDeps, given: string | undefined): string | undefined {
  return given === undefined ? undefined : readFrom(deps, given, 'invalid_request');
}
