/** For tests: forged tokens. Each is refused by whoever verifies the tokens it is made after. */
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
} from 'node:crypto';
import { base64url, type JWK } from 'jose';

/** A genuine Ed25519 token, taken apart. */
export interface Genuine {
  key: JWK;
  header: Record<string, unknown>;
  payload: Record<string, unknown>;
}

/** What is changed; a field that is undefined is left out. */
interface Change {
  key?: JWK;
  header?: Record<string, unknown>;
  payload?: Record<string, unknown>;
}

const encoded = (part: unknown): string =>
  base64url.encode(typeof part === 'string' ? part : JSON.stringify(part));

const signedBy = (key: JWK, input: string): string =>
  base64url.encode(sign(null, Buffer.from(input), createPrivateKey({ key, format: 'jwk' })));

/** A token like the genuine one but for the change, signed by its key or by the one given. */
export function forge({ key, header, payload }: Genuine, change: Change = {}): string {
  const parts = [
    { ...header, ...change.header },
    { ...payload, ...change.payload },
  ];
  const input = parts.map(encoded).join('.');
  return `${input}.${signedBy(change.key ?? key, input)}`;
}

/** A token whose payload is exactly this. */
function withPayload({ key, header }: Genuine, payload: unknown): string {
  const input = `${encoded(header)}.${encoded(payload)}`;
  return `${input}.${signedBy(key, input)}`;
}

/** A token signed by a shared secret. */
export function withSecret(genuine: Genuine, secret: string | Uint8Array): string {
  const header = { ...genuine.header, alg: 'HS256' };
  const input = `${encoded(header)}.${encoded(genuine.payload)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

const anotherKey = (): JWK =>
  generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }) as JWK;

function openPart({ d: _, ...open }: JWK): JWK {
  return open;
}

const pemOf = (key: JWK) =>
  createPublicKey({ key: openPart(key), format: 'jwk' })
    .export({ type: 'spki', format: 'pem' })
    .toString();

/** The parts of the genuine token as they are sent. */
const partsOf = (genuine: Genuine) => forge(genuine).split('.') as [string, string, string];

type Attack = (genuine: Genuine) => string;

const inHeader =
  (header: Record<string, unknown>): Attack =>
  (genuine) =>
    forge(genuine, { header });
const inPayload =
  (payload: Record<string, unknown>): Attack =>
  (genuine) =>
    forge(genuine, { payload });

/** By another key, which the header points to or carries. */
const byOwnKey =
  (header: (open: JWK) => Record<string, unknown>): Attack =>
  (genuine) => {
    const key = anotherKey();
    return forge(genuine, { key, header: header(openPart(key)) });
  };

const unsigned =
  (alg: unknown, keepsSignature = false): Attack =>
  (genuine) => {
    const [, payload, signature] = partsOf(genuine);
    return `${encoded({ ...genuine.header, alg })}.${payload}.${keepsSignature ? signature : ''}`;
  };

const FORMS: Record<string, Attack> = {
  'no token at all': () => 'garbage',
  'three empty parts': () => '..',
  'no signature': (genuine) => partsOf(genuine).slice(0, 2).join('.'),
  'a fourth part': (genuine) => `${forge(genuine)}.e30`,
  'five parts, as of an encrypted token': (genuine) => `${forge(genuine)}.e30.e30`,
  'a payload that is a list': (genuine) => withPayload(genuine, [genuine.payload]),
  'a payload that is a text': (genuine) => withPayload(genuine, '"text"'),
  'a payload that is no JSON': (genuine) => withPayload(genuine, '{"sub":'),
};

const ALGORITHMS: Record<string, Attack> = {
  'alg none': unsigned('none'),
  'alg nOnE': unsigned('nOnE'),
  'alg none with the genuine signature': unsigned('none', true),
  'no alg': inHeader({ alg: undefined }),
  'alg as a list': inHeader({ alg: ['EdDSA'] }),
  'alg ES256 over an Ed25519 signature': inHeader({ alg: 'ES256' }),
  'alg RS256 over an Ed25519 signature': inHeader({ alg: 'RS256' }),
  'an ES256 signature of zeros': (genuine) => {
    const [, payload] = partsOf(genuine);
    const header = encoded({ ...genuine.header, alg: 'ES256' });
    return `${header}.${payload}.${base64url.encode(new Uint8Array(64))}`;
  },
  'the public key as a shared secret': (genuine) =>
    withSecret(genuine, base64url.decode(genuine.key.x ?? '')),
  'the public key as PEM as a shared secret': (genuine) => withSecret(genuine, pemOf(genuine.key)),
  'the public JWK as a shared secret': (genuine) =>
    withSecret(genuine, JSON.stringify(openPart(genuine.key))),
  'an empty shared secret': (genuine) => withSecret(genuine, ''),
};

const KEYS: Record<string, Attack> = {
  'another key under the same kid': (genuine) => forge(genuine, { key: anotherKey() }),
  'another key under its own kid': byOwnKey(() => ({ kid: 'mine' })),
  'another key without a kid': byOwnKey(() => ({ kid: undefined })),
  'its own key in jwk': byOwnKey((jwk) => ({ jwk })),
  'its own key in jwk, under its own kid': byOwnKey((jwk) => ({ jwk, kid: 'mine' })),
  'a key set of its own in jku': byOwnKey(() => ({ jku: 'http://127.0.0.1:1/jwks', kid: 'mine' })),
  'a certificate of its own in x5u': byOwnKey(() => ({ x5u: 'http://127.0.0.1:1/cert' })),
  'a certificate of its own in x5c': byOwnKey(() => ({ x5c: ['MIIB'] })),
  'a kid that is a path': byOwnKey(() => ({ kid: '../../../dev/null' })),
  'a kid that is a query': byOwnKey(() => ({ kid: "' OR '1'='1" })),
  'a kid that is an object': inHeader({ kid: { $ne: null } }),
  'a kid that is __proto__': byOwnKey(() => ({ kid: '__proto__' })),
};

const SIGNATURES: Record<string, Attack> = {
  'a signature of another token': (genuine) => {
    const [header, payload] = partsOf(genuine);
    const [, , signature] = forge(genuine, { payload: { sub: 'somebody-else' } }).split('.');
    return `${header}.${payload}.${signature}`;
  },
  'a payload changed after signing': (genuine) => {
    const [header, , signature] = partsOf(genuine);
    return `${header}.${encoded({ ...genuine.payload, sub: 'somebody-else' })}.${signature}`;
  },
  'a header changed after signing': (genuine) => {
    const [, payload, signature] = partsOf(genuine);
    return `${encoded({ ...genuine.header, more: 1 })}.${payload}.${signature}`;
  },
  'half a signature': (genuine) => forge(genuine).slice(0, -43),
  'a signature with one bit changed': (genuine) => {
    const [header, payload, signature] = partsOf(genuine);
    const bytes = base64url.decode(signature);
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    return `${header}.${payload}.${base64url.encode(bytes)}`;
  },
};

const HEADERS: Record<string, Attack> = {
  'a critical extension that nobody knows': inHeader({ crit: ['later'], later: 1 }),
  'a critical extension that is not there': inHeader({ crit: ['exp'] }),
  'no critical extension in crit': inHeader({ crit: [] }),
  'a payload that is not encoded': inHeader({ crit: ['b64'], b64: false }),
  'the type of a logout': inHeader({ typ: 'logout+jwt' }),
  'the type of a proof': inHeader({ typ: 'dpop+jwt' }),
  'a type that is a number': inHeader({ typ: 1 }),
};

const CLAIMS: Record<string, Attack> = {
  'another issuer': inPayload({ iss: 'https://elsewhere.example' }),
  'the issuer in a list': (genuine) => forge(genuine, { payload: { iss: [genuine.payload.iss] } }),
  'the issuer with a slash': (genuine) =>
    forge(genuine, { payload: { iss: `${genuine.payload.iss}/` } }),
  'no issuer': inPayload({ iss: undefined }),
  'another audience': inPayload({ aud: 'elsewhere' }),
  'a list of other audiences': inPayload({ aud: ['elsewhere', 'anywhere'] }),
  'an empty list of audiences': inPayload({ aud: [] }),
  'the audience within a longer one': (genuine) =>
    forge(genuine, { payload: { aud: `${genuine.payload.aud}-staging` } }),
  'the audience in an object': (genuine) =>
    forge(genuine, { payload: { aud: { 0: genuine.payload.aud } } }),
  'no audience': inPayload({ aud: undefined }),
  'no expiry': inPayload({ exp: undefined }),
  'an expiry that is a text': inPayload({ exp: '9999999999' }),
  'an expiry that is null': inPayload({ exp: null }),
  'an expiry in a list': inPayload({ exp: [9_999_999_999] }),
  'a token for later': (genuine) =>
    forge(genuine, { payload: { nbf: Number(genuine.payload.iat) + 30 } }),
  'a begin that is a text': inPayload({ nbf: '1' }),
  'no subject': inPayload({ sub: undefined }),
  'a subject that is a number': inPayload({ sub: 1 }),
  'a subject that is an object': inPayload({ sub: { $gt: '' } }),
  'a subject that is a list': inPayload({ sub: ['usr_1'] }),
};

/** The attacks, by what is wrong with each token. All are answered `unauthenticated`. */
export const ATTACKS: Record<string, Attack> = {
  ...FORMS,
  ...ALGORITHMS,
  ...KEYS,
  ...SIGNATURES,
  ...HEADERS,
  ...CLAIMS,
};
