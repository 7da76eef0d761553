/** What holds for every screen of the console, looked at in a browser. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Page } from 'playwright-core';

const AXE = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');
const CUT_OFF = readFileSync(new URL('cut-off.js', import.meta.url), 'utf8');
/** In the page: the policy's violations go to the console, whose errors are noted. */
const TELL_VIOLATIONS = `addEventListener('securitypolicyviolation', (e) =>
  console.error('violates', e.violatedDirective, e.blockedURI, e.sourceFile));`;

/** WCAG 2.2 AA. The size of targets is off in axe unless it is named. */
const AXE_OPTIONS: RunOptions = {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
  rules: { 'target-size': { enabled: true } },
  resultTypes: ['violations'],
};

/** Asserts that nothing of the screen is cut off, and that axe finds nothing. */
export async function checkScreen(page: Page): Promise<void> {
  const where = `${new URL(page.url()).pathname} at ${page.viewportSize()?.width} px`;
  const wide = await page.evaluate(CUT_OFF);
  assert.deepEqual(wide, [], `${where}: nothing is cut off, and nothing scrolls sideways`);
  // By the debugger's connection, which the page's policy does not bind.
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(AXE);
  const found = (await page.evaluate(
    `axe.run(document, ${JSON.stringify(AXE_OPTIONS)})`,
  )) as AxeResults;
  const violations = found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`),
  );
  assert.deepEqual(violations, [], `${where}: axe finds nothing`);
}

/** What goes wrong in a page without anybody looking at it. */
export interface Troubles {
  /** Errors in the console, uncaught ones, and violations of the page's policy. */
  errors: string[];
  /** Answers of the API that refuse for the role. */
  forbidden: string[];
}

/**
 * Notes what goes wrong in the page from now on. Call it before the page is loaded.
 * @param stranger another origin that the page visits: what goes wrong there is no fault of ours
 */
export async function watchTroubles(page: Page, stranger?: string): Promise<Troubles> {
  const troubles: Troubles = { errors: [], forbidden: [] };
  const isOurs = () => stranger === undefined || !page.url().startsWith(stranger);
  page.on('console', (message) => {
    if (message.type() === 'error' && isOurs()) troubles.errors.push(message.text());
  });
  page.on('pageerror', (error) => troubles.errors.push(String(error)));
  page.on('response', (response) => {
    if (response.status() === 403) troubles.forbidden.push(response.url());
  });
  await page.addInitScript(TELL_VIOLATIONS);
  return troubles;
}
