/** A certificate for a test's own TLS server, signed by itself: X.509 version 3 (RFC 5280), in DER. */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** The tags of DER that a certificate needs. */
const TAG = {
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  text: 0x0c,
  time: 0x17,
  sequence: 0x30,
  set: 0x31,
  dnsName: 0x82,
  version: 0xa0,
  extensions: 0xa3,
} as const;

/** `ecdsa-with-SHA256`, `commonName` and `subjectAltName`, as object identifiers in DER. */
const ECDSA_SHA256 = Buffer.from('06082a8648ce3d040302', 'hex');
const COMMON_NAME = Buffer.from('0603550403', 'hex');
const ALT_NAME = Buffer.from('0603551d11', 'hex');

/** How long it is valid before and after now, in milliseconds: an hour. */
const VALID_MS = 3_600_000;

/** One value in DER; the values here are shorter than 64 KiB. */
function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const bits = (content: Buffer) => der(TAG.bits, Buffer.from([0]), content);

/** `YYMMDDhhmmssZ` */
const time = (ms: number) =>
  der(TAG.time, Buffer.from(`${new Date(ms).toISOString().replace(/\D/g, '').slice(2, 14)}Z`));

/**
 * Makes a key on P-256 and its certificate.
 * @param host the name it is for
 * @returns both as PEM
 */
export function selfSigned(host: string): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = der(TAG.sequence, ECDSA_SHA256);
  const nameParts = der(TAG.sequence, COMMON_NAME, der(TAG.text, Buffer.from(host)));
  const name = der(TAG.sequence, der(TAG.set, nameParts));
  const altName = der(TAG.sequence, der(TAG.dnsName, Buffer.from(host)));
  const now = Date.now();
  const unsigned = der(
    TAG.sequence,
    der(TAG.version, der(TAG.integer, Buffer.from([2]))),
    der(TAG.integer, Buffer.from([1]), randomBytes(8)),
    algorithm,
    name,
    der(TAG.sequence, time(now - VALID_MS), time(now + VALID_MS)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(TAG.extensions, der(TAG.sequence, der(TAG.sequence, ALT_NAME, der(TAG.octets, altName)))),
  );
  const signature = sign('sha256', unsigned, privateKey);
  const certificate = der(TAG.sequence, unsigned, algorithm, bits(signature)).toString('base64');
  const lines = certificate.match(/.{1,64}/g) ?? [];
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
  };
}
