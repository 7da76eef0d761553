/** What the console keeps to besides its journeys: roles, sessions that end, an API that is down. */
import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { startProxy } from '../proxy.ts';
import type { ConsoleStack, Staff } from './console-stack.ts';
import { watchTroubles } from './screen-checks.ts';
import type { Screen } from './screens.ts';
import {
  createVisitors,
  type Manner,
  newContext,
  signInAt,
  Visit,
  type Visitors,
} from './visit.ts';

/**
 * Asserts that somebody of a role sees each screen of theirs, that the others say so without asking
 * the API, that the navigation has only theirs, and that nothing answers 403.
 */
export async function seesWhatTheyMay(
  visitors: Visitors,
  role: Staff,
  manner: Manner,
  screens: readonly Screen[],
): Promise<void> {
  const visit = await visitors.visit(role, manner);
  const { page, t } = visit;
  await visit.home();
  const navigation = page.getByRole('navigation', { name: t.shell.mainNavigation });
  for (const { address, roles, title } of screens) {
    await visit.go(address);
    if (roles.includes(role)) {
      await visit.settled(title(t));
      continue;
    }
    await visit.sees(t.common.forbidden);
    const links = await navigation.locator(`a[href="${address}"]`).count();
    assert.equal(links, 0, `${role} is not led to ${address}`);
  }
  visit.checkTroubles();
  await page.close();
}

/** Asserts that a session that ends leads to the sign-in, and from there back to where one was. */
export async function endsAndComesBack(
  browser: Browser,
  stack: ConsoleStack,
  manner: Manner,
  name = 'short.session',
): Promise<void> {
  const { id, username } = await stack.user(name, 'SUPPORT');
  const context = await newContext(browser, manner.language);
  const page = await context.newPage();
  const visit = new Visit(page, manner, await watchTroubles(page), stack.url);
  const { t } = visit;
  const address = '/console/claims?state=NEEDS_ATTENTION';
  await visit.open(address);
  await signInAt(page, manner.language, username);
  await visit.settled(t.claims.title);
  visit.checkTroubles();

  // Another role ends all tokens.
  const { token } = stack.admin;
  const params = { path: { userId: id } };
  const body = { role: 'AUDITOR' as const };
  await stack.laurel.as(token).PATCH('/api/users/{userId}', { params, body });
  await visit.press(visit.link(t.common.clearFilters));
  await visit.sees(t.signIn.ended);
  await visit.check();
  const { pathname } = new URL(page.url());
  await signInAt(page, manner.language, username);
  await visit.settled(t.claims.title);
  assert.equal(new URL(page.url()).pathname, pathname);
  await visit.button(t.shell.signOut).click();
  await visit.settled(t.signIn.title);
  await page.reload();
  await visit.settled(t.signIn.title);
  await context.close();
}

/** Asserts that an API that is down is said, and that the page goes on by itself afterwards. */
export async function outlivesTheApi(
  browser: Browser,
  stack: ConsoleStack,
  manner: Manner,
): Promise<void> {
  const { hostname, port } = new URL(stack.url);
  const wire = await startProxy(hostname, Number(port));
  const visitors = createVisitors(browser, { url: `http://${wire.address}` });
  const visit = await visitors.visit('OPERATOR', manner);
  const { page, t } = visit;
  const lost = page.getByText(t.shell.apiLost);
  await visit.home();
  wire.cut();
  await lost.waitFor();
  await visit.check();
  // A screen that was not loaded yet says so too.
  await visit.goTo(t.players.title);
  await page.getByText(t.common.problem.unreachable).first().waitFor();
  wire.mend();
  await lost.waitFor({ state: 'detached' });
  await page.getByRole('table', { name: t.players.list }).waitFor();
  await visit.home();
  await page.context().close();
  await wire.close();
}
