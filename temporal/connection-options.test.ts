import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryFolder } from '../test/temporary-folder.ts';
import { connectionOptions } from './connect.ts';

const TEMPORAL_ADDRESS = 'temporal.example:7233';
const pem = (what: string) => `-----BEGIN ${what}-----\nAAAA\n-----END ${what}-----\n`;
const bytes = (text: string) => Buffer.from(text);

describe('the way to Temporal', () => {
  it('is plain where nothing else is said', () => {
    assert.deepEqual(connectionOptions({ TEMPORAL_ADDRESS }), { address: TEMPORAL_ADDRESS });
  });

  it('is TLS wherever an API key is sent', () => {
    const options = connectionOptions({ TEMPORAL_ADDRESS, TEMPORAL_API_KEY: 'key' });
    assert.deepEqual(options, { address: TEMPORAL_ADDRESS, tls: true, apiKey: 'key' });
  });

  it('shows a certificate given as text', () => {
    const options = connectionOptions({
      TEMPORAL_ADDRESS,
      TEMPORAL_TLS_CERT: pem('CERTIFICATE'),
      TEMPORAL_TLS_KEY: pem('PRIVATE KEY'),
    });
    const clientCertPair = { crt: bytes(pem('CERTIFICATE')), key: bytes(pem('PRIVATE KEY')) };
    assert.deepEqual(options.tls, { clientCertPair });
  });

  it('trusts a CA given as a file, under the name it is told', (t) => {
    const file = join(temporaryFolder(t), 'ca.pem');
    writeFileSync(file, pem('CERTIFICATE'));
    const options = connectionOptions({
      TEMPORAL_ADDRESS,
      TEMPORAL_TLS_CA: file,
      TEMPORAL_TLS_SERVER_NAME: 'temporal.internal',
    });
    assert.deepEqual(options.tls, {
      serverRootCACertificate: bytes(pem('CERTIFICATE')),
      serverNameOverride: 'temporal.internal',
    });
  });

  it('is not gone at all where a certificate cannot be read', () => {
    const TEMPORAL_TLS_CA = '/nowhere/ca.pem';
    assert.throws(() => connectionOptions({ TEMPORAL_ADDRESS, TEMPORAL_TLS_CA }), /ENOENT/);
  });
});
