/** What the console keeps to besides its journeys: roles, sessions that end, an API that is down. */
import assert from 'node:assert/strict';
import { startProxy } from '../proxy.ts';
import type { Staff } from './console-stack.ts';
import { watchTroubles } from './screen-checks.ts';
import type { Stage } from './stage.ts';
import { createVisitors, type Manner, newContext, signInAt, Visit } from './visit.ts';

/**
 * Asserts that somebody of a role sees each screen of theirs, that the others say so without asking
 * the API, that the navigation has only theirs, and that nothing answers 403.
 */
export async function seesWhatTheyMay(
  { visitors, screens }: Stage,
  role: Staff,
  manner: Manner,
): Promise<void> {
  const visit = await visitors.visit(role, manner);
  const { page, t } = visit;
  await visit.home();
  const navigation = page.getByRole('navigation', { name: t.shell.mainNavigation });
  for (const { address, roles, title, closedTitle = title } of screens) {
    await visit.go(address);
    if (roles.includes(role)) {
      await visit.settled(title(t));
      continue;
    }
    await visit.sees(t.common.forbidden);
    await visit.settled(closedTitle(t));
    assert.equal(await page.title(), `${closedTitle(t)} · Laurel`);
    const links = await navigation.locator(`a[href="${address}"]`).count();
    assert.equal(links, 0, `${role} is not led to ${address}`);
  }
  visit.checkTroubles();
  await page.close();
}

/** Asserts that a session that ends leads to the sign-in, and from there back to where one was. */
export async function endsAndComesBack(
  { browser, stack }: Stage,
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
  await visit.sees(t.signIn.plainHttp);
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

/** Asserts that what is typed and not saved is not lost without asking: a form's, then a dialog's. */
export async function asksBeforeLosing({ visitors, stack }: Stage, manner: Manner): Promise<void> {
  const { eventId, title } = await stack.openEvent(`Kept ${manner.language}`);
  const visit = await visitors.visit('OPERATOR', manner);
  const { page, t } = visit;
  const { unsaved } = t.shell;
  const question = page.getByRole('dialog', { name: unsaved.title });
  const answer = async (text: string) => {
    await question.waitFor();
    await visit.press(question.getByRole('button', { name: text, exact: true }));
    await question.waitFor({ state: 'hidden' });
  };
  const back = () => page.evaluate('history.back()');

  await visit.open(`/console/events/${eventId}`);
  await visit.press(visit.link(t.event.edit));
  const field = page.getByLabel(t.events.fields.title, { exact: true });
  await field.waitFor();
  // Nothing is changed, so nothing is asked.
  await visit.press(visit.link(t.common.cancel));
  await visit.heading(title).waitFor();
  await visit.press(visit.link(t.event.edit));
  await visit.write(field, 'Typed');
  await visit.press(visit.link(t.common.cancel));
  await question.waitFor();
  await visit.check();
  await answer(unsaved.stay);
  await back();
  await question.waitFor();
  await page.keyboard.press('Escape');
  await question.waitFor({ state: 'hidden' });
  assert.equal(await field.inputValue(), 'Typed');
  assert.match(page.url(), /\/edit$/);
  // The browser asks in its own words before the page is loaded again.
  const asked = page.waitForEvent('dialog').then(async (dialog) => {
    await dialog.accept();
    return dialog.type();
  });
  await page.reload();
  assert.equal(await asked, 'beforeunload');
  await field.waitFor();
  await visit.write(field, 'Typed');
  await back();
  await answer(unsaved.leave);
  await visit.heading(title).waitFor();

  await visit.press(visit.button(t.event.clone));
  await visit.write(field, 'Typed');
  await page.keyboard.press('Escape');
  await answer(unsaved.stay);
  assert.equal(await field.inputValue(), 'Typed');
  await page.keyboard.press('Escape');
  await answer(unsaved.leave);
  await field.waitFor({ state: 'detached' });
  visit.checkTroubles();
  await page.close();
}

/**
 * Asserts that the API's problems are said in the viewer's language: by their code, with the API's own
 * sentence where it says more, and at the field that is wrong.
 */
export async function saysProblems({ visitors }: Stage, manner: Manner): Promise<void> {
  const visit = await visitors.visit('OPERATOR', manner);
  const { page, t } = visit;
  const { title, serverSaid, field } = t.problems;
  await visit.open('/console/claims/clm_none');
  const note = page.getByRole('alert');
  await note.getByText(title.not_found).waitFor();
  await note.getByText(`${serverSaid} There is no claim with this ID.`).waitFor();
  await visit.check();
  await visit.go('/console/events/new');
  await visit.press(visit.button(t.eventForm.create));
  await note.getByText(title.invalid_request).waitFor();
  // What is at the fields says more than the API's sentence about the whole.
  assert.equal(await note.getByText(serverSaid).count(), 0);
  const label = page.getByLabel(t.events.fields.title, { exact: true });
  const described = await label.getAttribute('aria-describedby');
  const said = await page.locator(`[id="${described}"]`).textContent();
  assert.ok(said?.startsWith(field) && said.length > field.length + 1, String(said));
  await visit.check();
  await page.close();
}

/** Asserts that an API that is down is said, and that the page goes on by itself afterwards. */
export async function outlivesTheApi({ browser, stack }: Stage, manner: Manner): Promise<void> {
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
  await page.getByText(t.problems.title.unreachable).first().waitFor();
  wire.mend();
  await lost.waitFor({ state: 'detached' });
  await visit.hears(t.shell.apiBack);
  await page.getByRole('table', { name: t.players.list }).waitFor();
  await visit.home();
  await page.context().close();
  await wire.close();
}
