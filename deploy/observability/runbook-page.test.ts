/** The runbook as Grafana's container serves it: one click on an alert's link arrives at its section. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { startBrowser } from '../../test/console/browser.ts';
import { anchorsOf } from '../../test/document-references.ts';

const ROOT = join(import.meta.dirname, '../..');
const FILES: Record<string, string> = {
  '/public/laurel/runbook.html': 'deploy/observability/grafana/runbook.html',
  '/public/laurel/runbook.md': 'docs/runbook.md',
};

test('the page of the runbook has every anchor, and opens at the one in the address', async (t) => {
  const server = createServer((request, response) => {
    const file = FILES[request.url ?? ''];
    if (file === undefined) return void response.writeHead(404).end();
    response.setHeader('content-type', file.endsWith('html') ? 'text/html' : 'text/plain');
    response.end(readFileSync(join(ROOT, file)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const browser = await startBrowser();
  t.after(() => browser.close());

  const { port } = server.address() as AddressInfo;
  const page = await browser.newPage();
  await page.goto(
    `http://127.0.0.1:${port}/public/laurel/runbook.html#claims-are-parked-needs_attention`,
  );
  const heading = page.getByRole('heading', { name: 'Claims are parked' });
  await heading.waitFor();
  await page.waitForFunction('window.scrollY > 0');
  const place = await heading.boundingBox();
  const height = page.viewportSize()?.height ?? 0;
  assert.ok(place && place.y >= 0 && place.y < height / 2, JSON.stringify(place));

  const ids = await page.evaluate<string[]>(
    "[...document.querySelectorAll('[id]')].map((element) => element.id)",
  );
  const anchors = anchorsOf(readFileSync(join(ROOT, 'docs/runbook.md'), 'utf8'));
  assert.deepEqual(ids.toSorted(), [...anchors].toSorted());
  await page.getByRole('link', { name: 'MongoDB down' }).first().click();
  assert.match(page.url(), /#mongodb-is-down$/);
});
