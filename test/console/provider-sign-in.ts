/** Staff sign in at the studio's own provider, with its real pages, and are in the console then. */
import { PROVIDER_NAME } from './console-stack.ts';
import { watchTroubles } from './screen-checks.ts';
import type { Stage } from './stage.ts';
import { type Manner, newContext, Visit } from './visit.ts';

/** Asserts that the provider's sign-in leads back to where one was, and that a reload stays there. */
export async function signsInAtTheProvider(
  { browser, stack: { provider, url } }: Stage,
  manner: Manner,
): Promise<void> {
  provider.accounts.set('areum', { name: '박아름', groups: ['ops'] });
  provider.accounts.set('visitor', { groups: [] });
  const context = await newContext(browser, manner.language);
  const page = await context.newPage();
  const visit = new Visit(page, manner, await watchTroubles(page, provider.issuer), url);
  const { t } = visit;
  const link = () => page.getByRole('link', { name: t.signIn.by(PROVIDER_NAME), exact: true });

  async function signInAs(login: string): Promise<void> {
    await link().click();
    await page.locator('input[name="login"]').fill(login);
    await page.locator('input[name="password"]').fill('any');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Continue' }).click();
  }

  await visit.open('/console/claims?state=GRANTED');
  await signInAs('visitor');
  await visit.sees(t.signIn.failed.forbidden);
  await context.clearCookies();
  await signInAs('areum');
  await visit.settled(t.claims.title);
  await page.getByText('박아름').first().waitFor();
  await page.reload();
  await visit.settled(t.claims.title);
  visit.checkTroubles();
  await context.close();
}
