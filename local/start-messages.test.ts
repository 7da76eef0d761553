import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StackFile } from './stack-file.ts';
import { readyText } from './start-messages.ts';

describe('what a ready stack prints', () => {
  const stack: StackFile = {
    supervisor: { pid: 1 },
    api: { pid: 2, url: 'http://127.0.0.1:3000', metricsUrl: 'http://127.0.0.1:9464/metrics' },
    worker: { pid: 3, metricsUrl: 'http://127.0.0.1:9465/metrics' },
    mongod: { uri: 'mongodb://db/laurel' },
    temporal: { address: '127.0.0.1:7233' },
    admin: { username: 'admin', password: 'a long password' },
  };
  const textOf = (file: StackFile) => readyText(file, '/data', (text) => text);

  it('names the console first', () => {
    assert.match(textOf(stack), /ready\.\s+Console +http:\/\/127\.0\.0\.1:3000\/console\n/);
  });

  it('names where each process shows its metrics', () => {
    const both = 'http://127.0.0.1:9464/metrics (api), http://127.0.0.1:9465/metrics (worker)';
    assert.ok(textOf(stack).includes(`  Metrics          ${both}\n`));
    const metricsUrl = 'http://127.0.0.1:9466/metrics';
    const withStreams = textOf({ ...stack, streams: { pid: 4, metricsUrl } });
    assert.ok(withStreams.includes(`${both}, ${metricsUrl} (streams)\n`));
  });

  it('names the brokers where there are some', () => {
    const brokers = ['127.0.0.1:9092', '127.0.0.1:9093'];
    assert.match(
      textOf({ ...stack, kafka: { brokers } }),
      /Kafka +127\.0\.0\.1:9092, 127\.0\.0\.1:9093/,
    );
    assert.doesNotMatch(textOf(stack), /Kafka/);
  });
});
