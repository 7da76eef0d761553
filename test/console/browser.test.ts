import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBrowser } from './browser.ts';

test('a Chromium that is named and does not run is no reason to take another one', async () => {
  await assert.rejects(startBrowser({ ...process.env, CHROMIUM: '/no/such/chromium' }), (error) => {
    assert.match(String(error), /apt install chromium.*\nCHROMIUM: /s);
    return true;
  });
});
