/** Secrets that we must read again, sealed for the database: AES-256-GCM. */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';

/** NIST SP 800-38D, section 8.2: 96 bits, random for each seal. */
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** How a text that no key sealed begins. */
const OPEN = 'open:';
const SEALED = 'sealed:';

export interface SecretBox {
  /** Whether there is a key. Without one, secrets are stored as they are. */
  readonly seals: boolean;
  /** @param owner whose secret it is: sealed for one, it opens for nobody else */
  seal(secret: string, owner: string): string;
  /** @throws Error if no key opens it */
  open(stored: string, owner: string): string;
}

/** @param keys the first seals, all open; none: secrets are stored as they are */
export function createSecretBox(keys: readonly Buffer[]): SecretBox {
  const [sealer] = keys;
  return {
    seals: sealer !== undefined,

    seal(secret, owner) {
      if (!sealer) return `${OPEN}${secret}`;
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', sealer, iv);
      cipher.setAAD(Buffer.from(owner));
      const sealed = [cipher.update(secret, 'utf8'), cipher.final()];
      const bytes = Buffer.concat([nameOf(sealer), iv, cipher.getAuthTag(), ...sealed]);
      return `${SEALED}${bytes.toString('base64url')}`;
    },

    open(stored, owner) {
      if (stored.startsWith(OPEN)) return stored.slice(OPEN.length);
      const bytes = Buffer.from(stored.slice(SEALED.length), 'base64url');
      const [name, iv, tag, sealed] = cut(bytes, [NAME_BYTES, IV_BYTES, TAG_BYTES]);
      const key = keys.find((one) => timingSafeEqual(nameOf(one), name));
      if (!key) throw new Error('No key of ENCRYPTION_KEYS opens this secret');
      const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(owner));
      decipher.setAuthTag(tag);
      return Buffer.concat([decipher.update(sealed), decipher.final()]).toString('utf8');
    },
  };
}

const NAME_BYTES = 8;

/** Tells keys apart, and says nothing about them. */
const nameOf = (key: Buffer) => createHash('sha256').update(key).digest().subarray(0, NAME_BYTES);

function cut(bytes: Buffer, lengths: [number, number, number]): [Buffer, Buffer, Buffer, Buffer] {
  const [a, b, c] = lengths;
  return [
    bytes.subarray(0, a),
    bytes.subarray(a, a + b),
    bytes.subarray(a + b, a + b + c),
    bytes.subarray(a + b + c),
  ];
}
