/** docker-compose.yml, against the Compose Specification's schema and against our own rules. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parseEnv } from 'node:util';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { createDraining } from '../../api/server/draining.ts';
import {
  type Bind,
  type ComposeFile,
  type Environment,
  interpolate,
  readCompose,
  type Service,
} from '../../deploy/compose-file.ts';
import { makeEnv } from '../../deploy/make-env.ts';
import { apiConfig, migrateConfig, streamsConfig, workerConfig } from '../../process/config.ts';

const ROOT = join(import.meta.dirname, '../..');
const { file: raw, references } = readCompose();
const names = [...new Set(references.map(({ name }) => name))].sort();
const required = [...new Set(references.flatMap((r) => (r.operator === ':?' ? [r.name] : [])))];

const services = Object.entries(raw.services);
const oneShots = services.filter(([, { restart }]) => restart === 'no');
const longRunning = services.filter(([, { restart }]) => restart !== 'no');
const ours = services.filter(([, { build }]) => build !== undefined);

function service(file: ComposeFile, name: string): Service {
  const found = file.services[name];
  assert.ok(found, `there is no service ${name}`);
  return found;
}

const binds = (entry: Service) =>
  (entry.volumes ?? []).filter((volume) => typeof volume !== 'string');
const named = (entry: Service) =>
  (entry.volumes ?? []).flatMap((volume) =>
    typeof volume === 'string' ? [volume.split(':')[0]] : [],
  );

let folder: string;
let env: Environment;
let file: ComposeFile;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'laurel-compose-'));
  await makeEnv(join(folder, '.env'));
  env = parseEnv(readFileSync(join(folder, '.env'), 'utf8'));
  file = interpolate(raw, env);
});
after(() => rm(folder, { recursive: true }));

describe("the Compose Specification's schema", () => {
  // Shipped by the linter dclint as it stands in compose-spec/compose-go (Apache-2.0).
  const path = join(ROOT, 'node_modules/dclint/schemas/compose.schema.json');
  const { $schema: _, ...schema } = JSON.parse(readFileSync(path, 'utf8'));
  const valid = new Ajv({ strict: false, allErrors: true }).compile(schema);

  test('holds for the file, with a made .env filled in', () => {
    assert.ok(valid(file), JSON.stringify(valid.errors, null, 2));
  });

  test('would not hold with a misspelt word', () => {
    const api = { ...service(file, 'api'), stop_grace: '20s' };
    assert.ok(!valid({ ...file, services: { ...file.services, api } }));
  });
});

describe('configuration', () => {
  test('no secret has a default', () => {
    for (const { name, operator } of references) {
      if (/PASSWORD|KEY|SECRET/.test(name)) assert.equal(operator, ':?', name);
    }
    assert.deepEqual(
      references.filter(({ word, operator }) => operator === ':-' && /\D/.test(word)),
      [],
    );
  });

  test('a missing secret stops compose and names itself', () => {
    assert.ok(required.length > 0);
    for (const name of required) {
      assert.throws(() => interpolate(raw, { ...env, [name]: '' }), new RegExp(name));
    }
  });

  test('example.env names what the file reads, neither more nor less', () => {
    const example = parseEnv(readFileSync(join(ROOT, 'deploy/example.env'), 'utf8'));
    assert.deepEqual(Object.keys(example).sort(), names);
    assert.deepEqual(
      required.filter((name) => example[name] !== ''),
      [],
    );
  });

  for (const [name, read] of [
    ['api', apiConfig],
    ['worker', workerConfig],
    ['streams', streamsConfig],
    ['migrate', migrateConfig],
  ] as const) {
    test(`the ${name} starts from a made .env, and reads every variable it is given`, () => {
      const given = service(file, name).environment ?? {};
      // They have no default, and so are in no configuration until they are given.
      const config = read({ ...given, METRICS_PORT: '9464', CLAIMS_RETENTION_DAYS: '30' });
      assert.deepEqual(
        Object.keys(given).filter((variable) => !(variable in config)),
        [],
      );
    });

    test(`every setting of the ${name} that has a default can be changed`, () => {
      const given = service(file, name).environment ?? {};
      const settable = Object.keys(read(given)).filter((variable) => variable !== 'HOST');
      assert.deepEqual(
        settable.filter((variable) => !(variable in given)),
        [],
      );
    });
  }

  test("the history shards' number is written down, where no variable can change it", () => {
    assert.match(service(raw, 'temporal').environment?.NUM_HISTORY_SHARDS ?? '', /^\d+$/);
  });

  test('streams asks the broker where the broker says that it is to be found', () => {
    const { environment = {}, hostname } = service(raw, 'kafka');
    const brokers = service(raw, 'streams').environment?.KAFKA_BROKERS;
    assert.equal(brokers, 'kafka:9092');
    assert.equal(hostname, 'kafka');
    assert.equal(environment.KAFKA_ADVERTISED_LISTENERS, `PLAINTEXT://${brokers}`);
    assert.match(environment.KAFKA_LISTENERS ?? '', /^PLAINTEXT:\/\/:9092,/);
  });

  test("the broker's controller can be reached by nobody else, and is where it is looked for", () => {
    const { environment = {} } = service(raw, 'kafka');
    const [id, address] = environment.KAFKA_CONTROLLER_QUORUM_VOTERS?.split('@') ?? [];
    assert.equal(id, environment.KAFKA_NODE_ID);
    assert.match(address ?? '', /^127\.0\.0\.1:\d+$/);
    assert.ok(environment.KAFKA_LISTENERS?.endsWith(`,CONTROLLER://${address}`));
  });

  test("the broker's cluster has an ID such as Kafka makes: 16 bytes in base64url", () => {
    const id = service(raw, 'kafka').environment?.CLUSTER_ID ?? '';
    assert.equal(Buffer.from(id, 'base64url').length, 16);
    assert.equal(Buffer.from(id, 'base64url').toString('base64url'), id);
  });

  test('one broker is asked for one copy of what it keeps for itself', () => {
    const { environment = {} } = service(raw, 'kafka');
    const copies = Object.entries(environment).filter(([name]) => /FACTOR|MIN_ISR/.test(name));
    assert.deepEqual([...new Set(copies.map(([, value]) => value))], ['1']);
    assert.equal(copies.length, 5);
  });

  test('the server reads a dynamic configuration with fairness on', () => {
    const { environment, volumes } = service(raw, 'temporal');
    const mount = volumes?.find((volume) => typeof volume !== 'string') as Bind & {
      target: string;
    };
    assert.equal(environment?.DYNAMIC_CONFIG_FILE_PATH, mount.target);
    const settings = parse(readFileSync(join(ROOT, mount.source), 'utf8'));
    assert.deepEqual(settings['matching.enableFairness'], [{ value: true }]);
    for (const side of ['Read', 'Write']) {
      assert.deepEqual(settings[`matching.numTaskqueue${side}Partitions`], [{ value: 1 }]);
    }
  });

  test('worker, API and Web UI are in the namespace that is made', () => {
    const { TEMPORAL_NAMESPACE: made } = service(raw, 'temporal-namespace').environment ?? {};
    assert.ok(made);
    assert.equal(service(raw, 'api').environment?.TEMPORAL_NAMESPACE, made);
    assert.equal(service(raw, 'worker').environment?.TEMPORAL_NAMESPACE, made);
    assert.equal(service(raw, 'temporal-ui').environment?.TEMPORAL_DEFAULT_NAMESPACE, made);
  });
});

describe('start order', () => {
  test('everyone waits for what its dependency can promise', () => {
    for (const [name, { depends_on = {} }] of services) {
      for (const [target, { condition }] of Object.entries(depends_on)) {
        const isOneShot = service(raw, target).restart === 'no';
        const promise = isOneShot ? 'service_completed_successfully' : 'service_healthy';
        assert.equal(condition, promise, `${name} waits for ${target}`);
        assert.ok(
          isOneShot || service(raw, target).healthcheck?.test,
          `${target} has no health check`,
        );
      }
    }
  });

  test('the API comes last, after the databases, the schemas, the namespace and the worker', () => {
    const before = (name: string): string[] =>
      Object.keys(service(raw, name).depends_on ?? {}).flatMap((next) => [next, ...before(next)]);
    const first = new Set(before('api'));
    assert.deepEqual(
      services.map(([name]) => name).filter((name) => !first.has(name)),
      ['temporal-ui', 'kafka', 'streams', 'api'],
    );
  });

  test('what runs on is restarted, and its health is checked', () => {
    for (const [name, { restart, healthcheck }] of longRunning) {
      assert.equal(restart, 'unless-stopped', name);
      // The API's check is the image's own.
      if (name !== 'api') assert.ok(healthcheck?.test, name);
    }
  });

  test('what ends is waited for, without which `up --wait` calls its end a failure', () => {
    const waitedFor = services.flatMap(([, { depends_on = {} }]) => Object.keys(depends_on));
    assert.deepEqual(
      oneShots.map(([name]) => name).filter((name) => !waitedFor.includes(name)),
      [],
    );
  });

  test('what ends has no health check', () => {
    for (const [name, { healthcheck, build }] of oneShots) {
      // The image's own is the API's.
      assert.deepEqual(healthcheck, build === undefined ? undefined : { disable: true }, name);
    }
  });

  test('the API has longer to stop than it takes with the longest DRAIN_S', () => {
    const [, mostS] =
      readFileSync(join(ROOT, 'process/config.ts'), 'utf8').match(/DRAIN_S: whole\(0, (\d+)/) ?? [];
    const { stopsWithinMs } = createDraining(Number(mostS) * 1_000);
    assert.ok(
      Number.parseInt(service(raw, 'api').stop_grace_period ?? '', 10) * 1_000 > stopsWithinMs,
    );
  });

  test('the worker has longer to stop than its activities have to end', () => {
    const [, ms] =
      readFileSync(join(ROOT, 'worker/workers.ts'), 'utf8').match(/SHUTDOWN_GRACE_MS = ([\d_]+)/) ??
      [];
    const graceMs = Number(ms?.replaceAll('_', ''));
    assert.ok(
      Number.parseInt(service(raw, 'worker').stop_grace_period ?? '', 10) * 1_000 > graceMs,
    );
  });
});

for (const [name, variable] of [
  ['worker', 'WORKER_HEARTBEAT_FILE'],
  ['streams', 'STREAMS_HEARTBEAT_FILE'],
] as const) {
  describe(`the health check of ${name}`, () => {
    function healthOf(touchedAt: Date | undefined): number | null {
      const { healthcheck } = service(file, name);
      const [kind, node, ...rest] = healthcheck?.test ?? [];
      assert.deepEqual([kind, node], ['CMD', 'node']);
      const beat = join(folder, `${name}-alive`);
      if (touchedAt) {
        writeFileSync(beat, '');
        utimesSync(beat, touchedAt, touchedAt);
      }
      return spawnSync(process.execPath, rest, { env: { [variable]: beat } }).status;
    }

    test('follows the age of the file that the running process touches', () => {
      assert.equal(healthOf(undefined), 1);
      assert.equal(healthOf(new Date()), 0);
      assert.equal(healthOf(new Date(Date.now() - 31_000)), 1);
    });

    test('looks at a place the process may write to', () => {
      const { tmpfs = [], environment } = service(file, name);
      const folders = tmpfs.map((mount) => `${mount.split(':')[0]}/`);
      assert.ok(folders.some((mount) => environment?.[variable]?.startsWith(mount)));
    });
  });
}

describe('what is mounted', () => {
  test('every named volume is declared, and every declared one is used', () => {
    const used = services.flatMap(([, entry]) => named(entry));
    assert.deepEqual(used.sort(), Object.keys(raw.volumes).sort());
  });

  test("each database's volume is where its image keeps the data", () => {
    assert.deepEqual(service(raw, 'postgresql').volumes, [
      'postgresql-data:/var/lib/postgresql/data',
    ]);
    assert.equal(service(raw, 'mongodb').volumes?.[0], 'mongodb-data:/data/db');
    const { volumes, environment } = service(raw, 'kafka');
    assert.deepEqual(volumes, [`kafka-data:${environment?.KAFKA_LOG_DIRS}`]);
    assert.equal(environment?.KAFKA_LOG_DIRS, '/var/lib/kafka/data');
  });

  test('every mounted file exists, cannot be written to, and is never made as a folder', () => {
    for (const bind of services.flatMap(([, entry]) => binds(entry))) {
      assert.ok(statSync(join(ROOT, bind.source)).isFile(), bind.source);
      assert.equal(bind.read_only, true, bind.source);
      assert.equal(bind.bind.create_host_path, false, bind.source);
    }
  });

  test('every mounted shell script can be read by its shell', () => {
    const scripts = services.flatMap(([, { entrypoint = [], command = [], ...entry }]) =>
      binds(entry as Service)
        .filter(({ source }) => source.endsWith('.sh'))
        .map(({ source }) => [[...entrypoint, ...command][0] ?? '', source] as const),
    );
    assert.equal(scripts.length, 3);
    for (const [shell, source] of scripts) {
      const { status, stderr } = spawnSync(shell, ['-n', join(ROOT, source)]);
      assert.equal(status, 0, `${source}: ${stderr}`);
    }
  });
});

describe('images', () => {
  test('each is pinned to a version', () => {
    for (const [name, { image, build }] of services) {
      if (!build) assert.match(image, /^[\w./-]+:\d+\.\d+[\w.-]*$/, name);
    }
  });

  test('none is deprecated', () => {
    assert.deepEqual(
      services.filter(([, { image }]) => /auto-setup/.test(image)),
      [],
    );
  });

  test('Kafka is of the version that runs in the tests', () => {
    const { version } = JSON.parse(
      readFileSync(join(ROOT, 'local/install/kafka-jars.json'), 'utf8'),
    );
    assert.equal(service(raw, 'kafka').image, `apache/kafka:${version}`);
  });

  test("Temporal's tools are of the server's version", () => {
    const tag = (name: string) => service(raw, name).image.split(':')[1];
    assert.equal(tag('temporal-schema'), tag('temporal'));
    assert.equal(tag('temporal-namespace'), tag('temporal'));
  });
});

describe('what is open', () => {
  test('only the API can be reached from other hosts', () => {
    const open = services.flatMap(([name, { ports = [] }]) =>
      ports.filter((port) => !port.startsWith('127.0.0.1:')).map(() => name),
    );
    assert.deepEqual(open, ['api']);
  });

  test('no container keeps a capability or can gain one', () => {
    for (const [name, { cap_drop, security_opt }] of services) {
      assert.deepEqual(cap_drop, ['ALL'], name);
      assert.deepEqual(security_opt, ['no-new-privileges:true'], name);
    }
  });

  test('ours have a read-only root, a /tmp in memory and an init', () => {
    assert.deepEqual(
      ours.map(([name]) => name),
      ['migrate', 'worker', 'streams', 'api'],
    );
    for (const [name, { read_only, tmpfs, init }] of ours) {
      assert.equal(read_only, true, name);
      assert.match(tmpfs?.[0] ?? '', /^\/tmp:size=/, name);
      assert.equal(init, true, name);
    }
  });

  test("each one's memory and log are bounded", () => {
    for (const [name, { deploy, logging }] of services) {
      assert.match(deploy?.resources.limits.memory ?? '', /^\d+[MG]$/, name);
      assert.match(logging?.options['max-size'] ?? '', /^\d+m$/, name);
    }
  });
});
