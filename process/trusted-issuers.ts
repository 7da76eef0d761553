/** The shape of `TRUSTED_ISSUERS`. What would make a token count that should not is refused. */
import { z } from 'zod';
import { ISSUER_NAME } from '../domain/external-id.ts';
import { ROLES } from '../domain/user.ts';

/** Signatures by a private key. With `HS256` and the like whoever can check a token can make one. */
const ALGORITHMS = [
  'EdDSA',
  'Ed25519',
  'ES256',
  'ES384',
  'ES512',
  'PS256',
  'PS384',
  'PS512',
  'RS256',
  'RS384',
  'RS512',
] as const;

/** Plain HTTP is for development: only this machine itself is asked so. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

const url = z.url({ protocol: /^https?$/ }).refine((text) => {
  const { protocol, hostname, username, password, hash } = new URL(text);
  const isSafe = protocol === 'https:' || LOOPBACK.test(hostname);
  return isSafe && username + password + hash === '';
}, 'an https URL (http only on this machine), without user and fragment');

const roles = z
  .strictObject({
    claim: z.string().min(1).max(128),
    map: z.record(z.string().min(1), z.enum(ROLES)),
    allowAdmin: z.boolean().default(false),
  })
  .refine(
    ({ map, allowAdmin }) => allowAdmin || !Object.values(map).includes('ADMIN'),
    'a mapping to ADMIN needs "allowAdmin": true',
  );

const issuer = z.strictObject({
  name: z.string().regex(ISSUER_NAME, 'a-z, 0-9, _ and -, 64 at most'),
  /** Compared with `iss` character by character. */
  issuer: url,
  jwksUrl: url,
  audience: z.string().min(1),
  algorithms: z
    .array(z.enum(ALGORITHMS, `only signatures by a private key: ${ALGORITHMS.join(', ')}`))
    .min(1)
    .default(['EdDSA', 'ES256', 'RS256']),
  roles: roles.optional(),
});

/** The issuers whose tokens count. Neither a name nor an issuer may be there twice. */
export const trustedIssuers = z.array(issuer).superRefine((issuers, context) => {
  for (const field of ['name', 'issuer'] as const) {
    const values = issuers.map((one) => one[field]);
    const twice = values.find((value, n) => values.indexOf(value) !== n);
    if (twice === undefined) continue;
    context.addIssue({ code: 'custom', message: `two issuers have the ${field} "${twice}"` });
  }
});
