/** What is answered for an ID of nothing, and for what the caller may not know of. */
import { DomainError } from '../domain/errors.ts';

export const noSuchEvent = () => new DomainError('not_found', 'There is no event with this ID.');
export const noSuchUser = () => new DomainError('not_found', 'There is no user with this ID.');
export const noSuchPlayer = () => new DomainError('not_found', 'There is no player with this ID.');
export const noSuchClaim = () => new DomainError('not_found', 'There is no claim with this ID.');
