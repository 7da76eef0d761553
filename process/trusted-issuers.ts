/** The shape of `TRUSTED_ISSUERS`. What would make a token count that should not is refused. */
import { z } from 'zod';
import { ISSUER_NAME } from '../domain/external-id.ts';
import { isStaff, ROLES, STAFF } from '../domain/user.ts';

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

const name = z.string().regex(ISSUER_NAME, 'a-z, 0-9, _ and -, 64 at most');

const issuer = z.strictObject({
  name,
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

/**
 * The shape of `STAFF_OIDC`: the OpenID provider where staff sign in. Its groups must map to roles of
 * staff, or everybody with an account there could look into the console.
 */
export const staffOidc = z
  .strictObject({
    /** The first part of these users' external IDs; shown on the sign-in page too. */
    name: name.default('staff'),
    issuer: url,
    clientId: z.string().min(1),
    clientSecret: z.string().min(1),
    /** What is asked for; the groups' claim may need a scope of its own. */
    scope: z
      .string()
      .regex(/\bopenid\b/, 'must contain openid')
      .default('openid profile'),
    /** The API's address as browsers see it, where a proxy changes the `Host` header. */
    publicUrl: url.optional(),
    roles,
  })
  .refine(
    ({ roles: { map } }) => Object.values(map).every(isStaff),
    `only roles of staff can be given here: ${STAFF.join(', ')}`,
  );

export type StaffOidc = z.infer<typeof staffOidc>;
