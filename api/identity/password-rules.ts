/** Which passwords are refused: common ones, those of Laurel's own words, and what holds the username. */
import { DomainError } from '../../domain/errors.ts';
import { usernameKey } from '../../store/users/users.ts';

/**
 * How many digits and signs around a common password still leave it common, in characters. More of
 * them may be a secret by themselves.
 */
const MOST_ADDED = 6;

/** The fewest characters of a common password that is looked for inside a longer one. */
const FEWEST_INSIDE = 6;

/** Texts up to this length are no secret when they are repeated, in characters. */
const SHORT_UNIT = 4;

/** What anybody would try here: our name, the roles, and what it is all about. */
const OWN_WORDS =
  /laurel|admin|operator|support|auditor|player|game|server|event|reward|claim|console|password/g;

/** Loaded with the first password: 49,000 texts, which a start need not wait for. */
let common: Promise<ReadonlySet<string>> | undefined;

async function load(): Promise<ReadonlySet<string>> {
  const { dictionary } = await import('@zxcvbn-ts/language-common');
  return new Set(dictionary['passwords-common']);
}

/** Why a password is refused; undefined where it is not. The case of letters makes no difference. */
export async function passwordFault(
  password: string,
  username: string,
): Promise<string | undefined> {
  const key = usernameKey(password);
  if (key.includes(usernameKey(username))) return 'It holds the username';
  common ??= load();
  if (isCommon(key, await common)) return 'Many people use it, so it is guessed early';
  return isOfOwnWords(key) ? 'It is made of words that are tried here first' : undefined;
}

/**
 * Refuses a password.
 * @param pointer the field that holds it
 * @throws DomainError `invalid_request`
 */
export async function assertPassword(
  password: string,
  username: string,
  pointer: string,
): Promise<void> {
  const message = await passwordFault(password, username);
  if (message === undefined) return;
  throw new DomainError('invalid_request', 'The body does not fit. See `errors`.', {
    errors: [{ pointer, message }],
  });
}

/** Whether a password has words of ours, and little else. */
function isOfOwnWords(password: string): boolean {
  const rest = password.replace(OWN_WORDS, '');
  return rest !== password && rest.length <= MOST_ADDED;
}

function isCommon(password: string, listed: ReadonlySet<string>): boolean {
  if (listed.has(password)) return true;
  const inside = password.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '');
  const added = password.length - inside.length;
  if (added <= MOST_ADDED && inside.length >= FEWEST_INSIDE && listed.has(inside)) return true;
  const [, unit] = /^(.+?)\1+$/su.exec(password) ?? [];
  return unit !== undefined && (unit.length <= SHORT_UNIT || listed.has(unit));
}
