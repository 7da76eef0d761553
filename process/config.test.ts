/** What a process says of an environment that it cannot use: which variable, and what to do. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { temporaryFolder } from '../test/temporary-folder.ts';
import {
  apiConfig,
  ConfigError,
  migrateConfig,
  streamsConfig,
  VARIABLES,
  workerConfig,
} from './config.ts';

const READ = {
  api: apiConfig,
  worker: workerConfig,
  streams: streamsConfig,
  migrate: migrateConfig,
};
type Process = keyof typeof READ;

const newKey = () => generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
const key = newKey();
const PEM = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';

const USABLE: NodeJS.ProcessEnv = {
  MONGODB_URI: 'mongodb://user:secret@db/laurel?replicaSet=rs0',
  TEMPORAL_ADDRESS: 'temporal:7233',
  KAFKA_BROKERS: 'kafka:9092',
  ADMIN_PASSWORD: 'a password of the first admin',
  JWT_KEYS: JSON.stringify([key]),
};

/** What the process says of that environment; undefined where it can use it. */
function refusal(name: Process, env: NodeJS.ProcessEnv): string | undefined {
  try {
    READ[name]({ ...USABLE, ...env });
    return undefined;
  } catch (error) {
    assert.ok(error instanceof ConfigError, String((error as Error).stack));
    return error.message;
  }
}

/** These take any text. */
const FREE = new Set([
  'TEMPORAL_NAMESPACE',
  'TEMPORAL_API_KEY',
  'TEMPORAL_TLS_SERVER_NAME',
  'WORKER_HEARTBEAT_FILE',
  'STREAMS_HEARTBEAT_FILE',
  'ADMIN_USERNAME',
  'OTEL_SERVICE_NAME',
]);
const GARBAGE = ['{', 'a\u0000b', ':/', '[1,', '\u202E'];
const NO_NUMBERS = ['1e3', '0x10', ' 5 ', '-1', '1.5', '٣', '1_000', '9'.repeat(30), 'NaN'];

for (const name of Object.keys(READ) as Process[]) {
  describe(`the environment of ${name}`, () => {
    const config = READ[name](USABLE) as Record<string, unknown>;
    for (const variable of VARIABLES[name]) {
      it(`is refused with garbage in ${variable}, in words that name it`, () => {
        const isNumber = typeof config[variable] === 'number' || variable === 'METRICS_PORT';
        for (const value of isNumber ? [...GARBAGE, ...NO_NUMBERS] : GARBAGE) {
          const said = refusal(name, { [variable]: value });
          if (said === undefined && FREE.has(variable)) continue;
          assert.match(said ?? 'nothing', new RegExp(`^  ${variable}: \\S.{3,}$`, 'm'), value);
          assert.doesNotMatch(said ?? '', /^ +at |\[object|secret/m);
        }
      });
    }
  });
}

const twoKeys = (...kids: (string | undefined)[]) =>
  JSON.stringify(kids.map((kid) => ({ ...newKey(), ...(kid && { kid }) })));

const OIDC = {
  issuer: 'https://id.example',
  clientId: 'laurel',
  clientSecret: 'of these two',
  roles: { claim: 'groups', map: { ops: 'OPERATOR' } },
};
const GAME_ISSUER = {
  name: 'game',
  issuer: 'https://game.example',
  jwksUrl: 'https://game.example/jwks',
  audience: 'laurel',
};

const CASES: [what: string, env: NodeJS.ProcessEnv, says: RegExp][] = [
  ['a variable is missing', { MONGODB_URI: undefined }, /MONGODB_URI: is not set$/m],
  [
    'a connection string names no database',
    { MONGODB_URI: 'mongodb://user:secret@db:27017/?replicaSet=rs0' },
    /MONGODB_URI: names no database: put its name behind the hosts/,
  ],
  [
    'its database has a name that MongoDB refuses',
    { MONGODB_URI: 'mongodb://db/laurel.game' },
    /MONGODB_URI: names no database/,
  ],
  ['it ends with the hosts', { MONGODB_URI: 'mongodb+srv://db' }, /MONGODB_URI: names no database/],
  [
    "Temporal's address is a URL",
    { TEMPORAL_ADDRESS: 'https://temporal:7233' },
    /TEMPORAL_ADDRESS: a host and a port, as in temporal\.example:7233/,
  ],
  [
    'its port cannot be',
    { TEMPORAL_ADDRESS: 'temporal:72333' },
    /TEMPORAL_ADDRESS: a host and a port/,
  ],
  [
    'a certificate has no key',
    { TEMPORAL_TLS_CERT: PEM },
    /TEMPORAL_TLS_KEY: is not set, and TEMPORAL_TLS_CERT is: give both or neither/,
  ],
  [
    'a key has no certificate',
    { TEMPORAL_TLS_KEY: PEM },
    /TEMPORAL_TLS_CERT: is not set, and TEMPORAL_TLS_KEY is: give both or neither/,
  ],
  [
    'a certificate is in no file',
    { TEMPORAL_TLS_CA: '/nowhere/ca.pem' },
    /TEMPORAL_TLS_CA: neither PEM text .* nor the path of a file that can be read \(ENOENT\)/,
  ],
  [
    'the file of a certificate holds none',
    { TEMPORAL_TLS_CA: path.join(import.meta.dirname, '..', 'package.json') },
    /TEMPORAL_TLS_CA: the file it names holds no PEM/,
  ],
  [
    'two keys have one kid',
    { JWT_KEYS: twoKeys('k', 'l', 'k') },
    /JWT_KEYS: .*keys 1 and 3 have the kid "k": give each its own/,
  ],
  ['two keys are one', { JWT_KEYS: JSON.stringify([key, key]) }, /keys 1 and 2 are the same key/],
  [
    'a key is of two pairs',
    { JWT_KEYS: JSON.stringify([{ ...key, x: newKey().x }]) },
    /JWT_KEYS: .*do not belong together/,
  ],
  [
    'a key is of another kind',
    { JWT_KEYS: '[{"kty":"RSA"}]' },
    /JWT_KEYS: .*a private JWK of Ed25519/,
  ],
  [
    'a key of secrets is too short',
    { ENCRYPTION_KEYS: '["c2hvcnQ="]' },
    /ENCRYPTION_KEYS: .*a key of 32 bytes in base64/,
  ],
  ['a number is too large', { DRAIN_S: '61' }, /DRAIN_S: a whole number from 0 to 60, in digits/],
  [
    'a number is too small',
    { KEEP_ALIVE_TIMEOUT_S: '0' },
    /KEEP_ALIVE_TIMEOUT_S: a whole number from 1 to 3600, in digits/,
  ],
  [
    'measurements are on the port of the API',
    { PORT: '80', METRICS_PORT: '80' },
    /METRICS_PORT: is also PORT/,
  ],
  [
    'two providers of users have one name',
    {
      STAFF_OIDC: JSON.stringify({ ...OIDC, name: 'game' }),
      TRUSTED_ISSUERS: JSON.stringify([GAME_ISSUER]),
    },
    /STAFF_OIDC: has the name of another issuer, "game"/,
  ],
  [
    'players would see the console',
    { STAFF_OIDC: JSON.stringify({ ...OIDC, roles: { claim: 'g', map: { all: 'PLAYER' } } }) },
    /STAFF_OIDC: .*only roles of staff/,
  ],
  [
    'a provider makes admins without saying so',
    { STAFF_OIDC: JSON.stringify({ ...OIDC, roles: { claim: 'g', map: { boss: 'ADMIN' } } }) },
    /STAFF_OIDC: .*allowAdmin/,
  ],
  [
    'a share of the traces is above one',
    { OTEL_TRACES_SAMPLER_ARG: '1.5' },
    /OTEL_TRACES_SAMPLER_ARG: a share from 0 to 1, as in 0\.05/,
  ],
  ['HOST is a URL', { HOST: 'http://0.0.0.0' }, /HOST: an address or a host name alone/],
  ['HOST has the port', { HOST: '0.0.0.0:3000' }, /HOST: an address or a host name alone/],
  [
    'the Web UI is no web page',
    { TEMPORAL_UI_URL: 'javascript:alert(1)' },
    /TEMPORAL_UI_URL: Invalid URL/,
  ],
  ["the first admin's name is no username", { ADMIN_USERNAME: 'a\u3164b' }, /ADMIN_USERNAME: /],
  ...['https://u:p@game', 'https://game?a=b', 'https://game/#x', 'https://game/?'].map(
    (baseUrl): (typeof CASES)[number] => [
      `paths cannot be appended to a provider's URL: ${baseUrl}`,
      { PROVIDERS: JSON.stringify({ game: { baseUrl, secret: `whsec_${'A'.repeat(32)}` } }) },
      /PROVIDERS: [\s\S]*a URL without user, query and fragment/,
    ],
  ),
];

describe('an environment is refused where', () => {
  for (const [what, env, says] of CASES) {
    it(what, () => {
      const said = refusal('api', env) ?? 'nothing';
      assert.match(said, says);
      assert.doesNotMatch(said, /secret@|a password of|"d"/);
    });
  }

  it('the folder of a heartbeat is not there', () => {
    const env = { WORKER_HEARTBEAT_FILE: '/nowhere/alive' };
    assert.match(refusal('worker', env) ?? '', /WORKER_HEARTBEAT_FILE: the folder of this file/);
  });
});

describe('an environment is taken', () => {
  it('with a heartbeat in a file that is not there yet', (t) => {
    const env = { WORKER_HEARTBEAT_FILE: path.join(temporaryFolder(t), 'alive') };
    assert.equal(refusal('worker', env), undefined);
  });

  it('with a certificate and its key in files', (t) => {
    const file = path.join(temporaryFolder(t), 'pair.pem');
    writeFileSync(file, PEM);
    const env = { TEMPORAL_TLS_CERT: file, TEMPORAL_TLS_KEY: file };
    assert.equal(refusal('worker', env), undefined);
  });

  for (const MONGODB_URI of [
    'mongodb+srv://user:p%40ss@cluster.example/laurel',
    'mongodb://a:1,b:2,[::1]:3/laurel?replicaSet=r',
  ]) {
    it(`with ${MONGODB_URI}`, () => assert.equal(refusal('migrate', { MONGODB_URI }), undefined));
  }

  it('with several keys, and with an IPv6 address wherever there is one', () => {
    const env = { JWT_KEYS: twoKeys('a', undefined), HOST: '::', TEMPORAL_ADDRESS: '[::1]:7233' };
    assert.equal(refusal('api', env), undefined);
  });
});
