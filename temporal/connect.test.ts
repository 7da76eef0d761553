/** What a start says of a Temporal that it cannot reach. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { SetupError } from '../domain/errors.ts';
import { connectBy } from './connect.ts';

const WAYS = {
  client: (options: object) => Connection.connect({ ...options, connectTimeout: 300 }),
  worker: (options: object) => NativeConnection.connect(options),
};

for (const [name, way] of Object.entries(WAYS)) {
  describe(`a ${name} that reaches no Temporal`, () => {
    for (const [how, more] of [
      ['without TLS', {}],
      ['over TLS', { TEMPORAL_API_KEY: 'a-secret-key' }],
    ] as const) {
      it(`is told where it was looked for, and that it was ${how}`, async () => {
        const settings = { TEMPORAL_ADDRESS: '127.0.0.1:1', ...more };
        const connecting = connectBy<unknown>(way, settings);
        await assert.rejects(connecting, (error: Error) => {
          assert.ok(error instanceof SetupError);
          const says = `Temporal at 127.0.0.1:1 cannot be reached ${how}: `;
          assert.ok(error.message.startsWith(says), error.message);
          assert.doesNotMatch(error.message, /a-secret-key/);
          return true;
        });
      });
    }
  });
}
