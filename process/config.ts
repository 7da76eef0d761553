/** The environment, parsed once into one frozen object. Only a process's root reads it. */
import { BlockList, isIP } from 'node:net';
import { z } from 'zod';
import { MAILBOX } from '../domain/claims/fulfillment.ts';
import { GAUGE_KINDS, KNOWN_BY_ITSELF } from '../domain/conditions/metrics.ts';
import { SetupError } from '../domain/errors.ts';
import { PASSWORD_LENGTH, USERNAME_LENGTH } from '../domain/user.ts';
import { wholeNumber } from '../domain/whole-number.ts';
import { textShape } from '../store/text-shape.ts';
import {
  baseUrl,
  encryptionKeys,
  fileToWrite,
  hostAndPort,
  jwtKeys,
  listenHost,
  mongodbUri,
  pem,
  refuseContradictions,
} from './config-shapes.ts';
import { staffOidc, trustedIssuers } from './trusted-issuers.ts';

/** A whole number from `least` to `most`. */
const number = (least: number, most: number) =>
  z
    .string()
    .transform((text) => wholeNumber(text) ?? Number.NaN)
    .pipe(z.number(`a whole number from ${least} to ${most}, in digits`).min(least).max(most));

const whole = (least: number, most: number, fallback: number) =>
  number(least, most).default(fallback);

/** A duration in milliseconds, a day at most. */
const ms = (fallback: number) => whole(1, 86_400_000, fallback);

/** How many of something there may be at once. */
const atMost = (fallback: number) => whole(1, 1_000_000, fallback);

/** JSON of the given shape. */
const json = <T extends z.ZodType>(shape: T) =>
  z.string().transform((text, context) => {
    try {
      return shape.parse(JSON.parse(text)) as z.output<T>;
    } catch (error) {
      const why = error instanceof z.ZodError ? z.prettifyError(error) : 'it is not JSON';
      context.addIssue({ code: 'custom', message: why });
      return z.NEVER;
    }
  });

/** A provider's name. The built-in provider cannot be configured. */
const PROVIDER_NAME = new RegExp(`^(?!${MAILBOX}$)[a-z0-9_-]{1,64}$`);

const provider = z.strictObject({
  baseUrl,
  secret: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/, 'whsec_ and 24 or more bytes in base64'),
  /** How many calls the provider can take, from all workers together. */
  limit: z
    .strictObject({
      callsPerS: z.number().positive().max(10_000).optional(),
      callsAtOnce: z.number().int().min(1).max(1_000).optional(),
    })
    .optional(),
});

const gauges = z.record(
  textShape('LINE', [1, 128])
    .regex(/^[^\s\p{C},]+$/u, 'Printable characters without spaces and commas')
    .refine((name) => !KNOWN_BY_ITSELF.includes(name), 'Laurel computes this metric itself'),
  z.enum(GAUGE_KINDS),
);

/** Addresses and networks, separated by commas: `10.0.0.0/8, 2001:db8::7`. */
export const trustedProxies = z.string().transform((list, context) => {
  const networks = new BlockList();
  for (const entry of list.split(',').map((part) => part.trim())) {
    const [address = '', prefix] = entry.split('/');
    const bits = isIP(address) === 6 ? 128 : 32;
    const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
    if (isIP(address) === 0 || length < 0 || length > bits) {
      const message = `"${entry}" is no address and no network such as 10.0.0.0/8`;
      context.addIssue({ code: 'custom', message });
    } else if (length === 0) {
      context.addIssue({ code: 'custom', message: `"${entry}" would believe everybody` });
    } else {
      networks.addSubnet(address, length, bits === 128 ? 'ipv6' : 'ipv4');
    }
  }
  return networks;
});

const common = z.object({
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  MONGODB_URI: mongodbUri,
  TEMPORAL_ADDRESS: hostAndPort,
  TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
  TEMPORAL_API_KEY: z.string().min(1).optional(),
  TEMPORAL_TLS_CERT: pem.optional(),
  TEMPORAL_TLS_KEY: pem.optional(),
  TEMPORAL_TLS_CA: pem.optional(),
  TEMPORAL_TLS_SERVER_NAME: z.string().min(1).optional(),
  PROVIDERS: json(z.record(z.string().regex(PROVIDER_NAME), provider)).default({}),
  GAUGES: json(gauges).default({ level: 'HIGHEST' }),
  MIGRATE_AT_START: z.enum(['on', 'off']).default('on'),
  ACTIVITY_TTL_DAYS: whole(1, 3_650, 90),
  HOST: listenHost.default('0.0.0.0'),
  METRICS_PORT: number(0, 65_535).optional(),
});

const TRUSTED_ISSUERS = json(trustedIssuers).default([]);
/** Tracing, by OpenTelemetry's own names. Without an endpoint it is off. */
const tracing = {
  OTEL_EXPORTER_OTLP_ENDPOINT: baseUrl.optional(),
  OTEL_SERVICE_NAME: textShape('LINE', [1, 128]).optional(),
  OTEL_TRACES_SAMPLER: z
    .enum([
      'always_on',
      'always_off',
      'traceidratio',
      'parentbased_always_on',
      'parentbased_always_off',
      'parentbased_traceidratio',
    ])
    .default('parentbased_always_on'),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .regex(/^(0|1|0\.\d{1,9})$/, 'a share from 0 to 1, as in 0.05')
    .transform(Number)
    .default(1),
};

const api = common.extend({
  ...tracing,
  PORT: whole(0, 65_535, 3000),
  KEEP_ALIVE_TIMEOUT_S: whole(1, 3_600, 65),
  DRAIN_S: whole(0, 60, 0),
  TEMPORAL_UI_URL: z.url({ protocol: /^https?$/ }).optional(),
  ADMIN_USERNAME: textShape('NAME', USERNAME_LENGTH).default('admin'),
  ADMIN_PASSWORD: textShape('LINE', PASSWORD_LENGTH),
  JWT_KEYS: json(jwtKeys),
  ENCRYPTION_KEYS: json(encryptionKeys).default([]),
  STAFF_MFA: z.enum(['optional', 'required']).default('optional'),
  ACCESS_TOKEN_TTL_S: whole(1, 86_400, 900),
  RATE_LIMITS: z.enum(['on', 'off']).default('on'),
  TRUSTED_ISSUERS,
  STAFF_OIDC: json(staffOidc).optional(),
  TRUSTED_PROXIES: trustedProxies.default(new BlockList()),
  MAX_CONNECTIONS: atMost(20_000),
  MAX_CONNECTIONS_PER_ADDRESS: atMost(1_000),
  MAX_LONG_REQUESTS: atMost(2_000),
  MAX_LONG_REQUESTS_PER_ADDRESS: atMost(500),
  MAX_LONG_REQUESTS_PER_USER: atMost(20),
  HEADERS_TIMEOUT_MS: ms(10_000),
  BODY_TIMEOUT_MS: ms(30_000),
  ADMISSION_AT_ONCE: whole(1, 1_000, 16),
  ADMISSION_WAITING: whole(0, 100_000, 12_500),
  ADMISSION_PATIENCE_MS: ms(15_000),
});

/** Days; none keeps every claim whole for good. */
const CLAIMS_RETENTION_DAYS = number(1, 36_500).optional();

const worker = common.extend({
  CLAIMS_RETENTION_DAYS,
  ...tracing,
  FULFILLMENT_TIMEOUT_MS: ms(10_000),
  FULFILLMENT_MAX_ATTEMPTS: whole(1, 1_000, 8),
  FULFILLMENT_INITIAL_INTERVAL_MS: ms(1_000),
  FULFILLMENT_PENDING_TIMEOUT_MS: ms(600_000),
  RECONCILE_INTERVAL_MS: ms(60_000),
  WORKER_HEARTBEAT_FILE: fileToWrite.optional(),
});

const streams = common.extend({
  KAFKA_BROKERS: z
    .string()
    .transform((list) => list.split(',').map((broker) => broker.trim()))
    .pipe(z.array(hostAndPort).min(1)),
  // Kafka allows these characters, and 249 in a topic's name. Our topic names need some of them.
  KAFKA_PREFIX: z
    .string()
    .regex(/^[a-zA-Z0-9._-]{0,200}$/, '200 letters, digits, dots, hyphens and underscores at most')
    .default(''),
  TRUSTED_ISSUERS,
  STREAMS_HEARTBEAT_FILE: fileToWrite.optional(),
});

const migrate = common
  .pick({ MONGODB_URI: true, ACTIVITY_TTL_DAYS: true })
  .extend({ CLAIMS_RETENTION_DAYS });

export type ApiConfig = Readonly<z.infer<typeof api>>;
export type WorkerConfig = Readonly<z.infer<typeof worker>>;

/** A configuration that cannot be used. The message names every wrong variable and the reason. */
export class ConfigError extends SetupError {}

/** Every variable that a process reads, for tests. */
export const VARIABLES = {
  api: Object.keys(api.shape),
  worker: Object.keys(worker.shape),
  streams: Object.keys(streams.shape),
  migrate: Object.keys(migrate.shape),
};

function parse<T extends z.ZodObject>(shape: T, env: NodeJS.ProcessEnv): Readonly<z.output<T>> {
  // An empty variable counts as unset: Compose files and CI systems pass `NAME=` for "not given".
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = shape.superRefine(refuseContradictions).safeParse(given);
  if (!result.success) {
    const wrong = result.error.issues.map(({ path, message }) => {
      const name = String(path[0]);
      // For a missing variable zod only says that it is no string.
      const isMissing = given[name] === undefined && message.startsWith('Invalid input');
      return `  ${name}: ${isMissing ? 'is not set' : message}`;
    });
    throw new ConfigError(
      `The environment cannot be used:\n${wrong.join('\n')}\nREADME.md has the table.`,
    );
  }
  return Object.freeze(result.data) as Readonly<z.output<T>>;
}

/** What the API process reads. @throws ConfigError */
export const apiConfig = (env = process.env): ApiConfig => parse(api, env);

/** What the worker process reads. @throws ConfigError */
export const workerConfig = (env = process.env): WorkerConfig => parse(worker, env);

/** What the streams process reads. @throws ConfigError */
export const streamsConfig = (env = process.env) => parse(streams, env);

/** What `npm run migrate` reads. @throws ConfigError */
export const migrateConfig = (env = process.env) => parse(migrate, env);
