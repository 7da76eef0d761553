import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Gauge, Registry } from 'prom-client';
import { metricsRoutes } from '../routes/metrics.ts';
import { sharedFor } from './shared-answers.ts';

describe('a read that is shared', () => {
  it('is one for all who ask while it is under way and for a while after', async () => {
    let [nowMs, reads] = [0, 0];
    let go = Promise.withResolvers<void>();
    const read = sharedFor(
      1_000,
      async () => {
        const number = ++reads;
        await go.promise;
        return number;
      },
      () => nowMs,
    );
    const asked = [read(), read()];
    nowMs += 5_000;
    asked.push(read());
    go.resolve();
    assert.deepEqual(await Promise.all(asked), [1, 1, 1]);
    nowMs += 999;
    assert.equal(await read(), 1);
    nowMs += 1;
    go = Promise.withResolvers();
    go.resolve();
    assert.equal(await read(), 2);
  });

  it('is done anew after it failed', async () => {
    let reads = 0;
    const read = sharedFor(1_000, async () => {
      reads += 1;
      if (reads === 1) throw new Error('away');
      return reads;
    });
    const asked = [read(), read()];
    for (const one of asked) await assert.rejects(one, /away/);
    assert.equal(await read(), 2);
  });
});

describe('the measurements', () => {
  it('are taken once for all who scrape at about the same time', async () => {
    let reads = 0;
    const metrics = new Registry();
    new Gauge({
      name: 'read',
      help: 'How often it was.',
      registers: [metrics],
      collect() {
        reads += 1;
        this.set(reads);
      },
    });
    const app = metricsRoutes({ metrics });
    const scrape = async () => await (await app.request('/metrics')).text();
    const seen = await Promise.all(Array.from({ length: 20 }, scrape));
    seen.push(await scrape());
    assert.equal(reads, 1);
    for (const text of seen) assert.match(text, /^read 1$/m);
  });
});
