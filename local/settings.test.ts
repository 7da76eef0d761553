import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { apiConfig, workerConfig } from '../process/config.ts';
import { BAD_TEXTS } from '../test/bad-texts.ts';
import { temporaryFolder } from '../test/temporary-folder.ts';
import { keptSecrets } from './data-folder.ts';
import { stackSettings } from './settings.ts';

describe('the settings of API and worker', () => {
  const ports = {
    mongod: 1001,
    temporal: 1002,
    temporalUi: 1003,
    simulator: 1004,
    kafka: 1005,
    kafkaController: 1006,
    apiMetrics: 1007,
    workerMetrics: 1008,
    streamsMetrics: 1009,
  };

  it('are complete without any in the environment', async (t) => {
    const secrets = await keptSecrets(temporaryFolder(t));
    const settings = stackSettings({ PORT: '', MONGODB_URI: '' }, 'data', ports, secrets, 3000);
    const config = apiConfig(settings.env);
    assert.equal(config.MONGODB_URI, 'mongodb://127.0.0.1:1001/laurel?replicaSet=rs0');
    assert.equal(config.TEMPORAL_ADDRESS, '127.0.0.1:1002');
    assert.equal(config.TEMPORAL_UI_URL, 'http://127.0.0.1:1003');
    assert.deepEqual(workerConfig(settings.env).PROVIDERS, {
      simulator: { baseUrl: 'http://127.0.0.1:1004', secret: secrets.simulatorSecret },
    });
    const embedded = { mongod: true, temporal: true, simulator: true, kafka: false };
    assert.deepEqual(settings.embedded, embedded);
    assert.equal(settings.env.KAFKA_BROKERS, undefined);
    assert.deepEqual(settings.kafkaBrokers, []);
    assert.equal(settings.api.url, 'http://127.0.0.1:3000');
  });

  it('are those of the environment where it has them', async (t) => {
    const env = {
      MONGODB_URI: 'mongodb://db:27017/x?replicaSet=r',
      TEMPORAL_ADDRESS: 'cloud:7233',
      TEMPORAL_API_KEY: 'key',
      PROVIDERS: '{}',
      EMBEDDED_KAFKA: '1',
      KAFKA_BROKERS: 'one:9092, two:9092',
      KAFKA_PREFIX: 'staging.',
      ADMIN_USERNAME: 'root',
      ADMIN_PASSWORD: 'a long password',
      HOST: '::1',
    };
    const secrets = await keptSecrets(temporaryFolder(t));
    const given = { ...env, METRICS_PORT: '1007' };
    const settings = stackSettings(given, 'data', ports, secrets, 3000);
    // Not the same for all: it would be taken when the second process starts.
    assert.equal(settings.env.METRICS_PORT, undefined);
    assert.deepEqual(settings.metrics.worker, { port: 1008, url: 'http://[::1]:1008/metrics' });
    for (const [name, value] of Object.entries(env)) assert.equal(settings.env[name], value);
    const embedded = { mongod: false, temporal: false, simulator: false, kafka: false };
    assert.deepEqual(settings.embedded, embedded);
    assert.deepEqual(settings.kafkaBrokers, ['one:9092', 'two:9092']);
    assert.equal(settings.kafkaPrefix, 'staging.');
    assert.deepEqual(settings.admin, { username: 'root', password: 'a long password' });
    assert.equal(settings.api.url, 'http://[::1]:3000');
  });

  it('refuse an admin who could not sign in, and a gauge that no activity can name', async (t) => {
    const secrets = await keptSecrets(temporaryFolder(t));
    const { env } = stackSettings({}, 'data', ports, secrets, 3000);
    for (const text of Object.values(BAD_TEXTS)) {
      // No environment can hold a NUL, but the rule is the same.
      for (const name of ['ADMIN_USERNAME', 'ADMIN_PASSWORD']) {
        assert.throws(() => apiConfig({ ...env, [name]: text }), { message: new RegExp(name) });
      }
      const GAUGES = JSON.stringify({ [text]: 'LATEST' });
      assert.throws(() => apiConfig({ ...env, GAUGES }), { message: /GAUGES/ });
    }
    const GAUGES = JSON.stringify({ ['레벨'.normalize('NFD')]: 'LATEST' });
    assert.deepEqual(apiConfig({ ...env, GAUGES }).GAUGES, { 레벨: 'LATEST' });
  });

  it('name the own broker where one is asked for', async (t) => {
    const secrets = await keptSecrets(temporaryFolder(t));
    const settings = stackSettings({ EMBEDDED_KAFKA: '1' }, 'data', ports, secrets, 3000);
    assert.equal(settings.embedded.kafka, true);
    assert.equal(settings.env.KAFKA_BROKERS, '127.0.0.1:1005');
    assert.deepEqual(settings.kafkaBrokers, ['127.0.0.1:1005']);
    const unclear = { EMBEDDED_KAFKA: 'yes' };
    assert.throws(
      () => stackSettings(unclear, 'data', ports, secrets, 3000),
      /EMBEDDED_KAFKA is yes; 1 runs a broker/,
    );
  });

  it('refuse a prefix that no topic can have', async (t) => {
    const secrets = await keptSecrets(temporaryFolder(t));
    for (const KAFKA_PREFIX of ['a/', 'a b', 'ü', `${'x'.repeat(201)}`]) {
      const env = { KAFKA_BROKERS: 'one:9092', KAFKA_PREFIX };
      assert.throws(() => stackSettings(env, 'data', ports, secrets, 3000), /KAFKA_PREFIX/);
    }
  });

  it('name every variable that is wrong', async (t) => {
    const secrets = await keptSecrets(temporaryFolder(t));
    const env = { ADMIN_PASSWORD: 'short', RATE_LIMITS: 'maybe' };
    assert.throws(
      () => stackSettings(env, 'data', ports, secrets, Number.NaN),
      /PORT.*ADMIN_PASSWORD.*RATE_LIMITS/s,
    );
  });
});
