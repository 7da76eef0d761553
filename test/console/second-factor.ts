/** A sign-in that needs a second factor, in a browser. */
import assert from 'node:assert/strict';
import { Secret, TOTP } from 'otpauth';
import type { Browser } from 'playwright-core';
import { createPasswords } from '../../api/identity/passwords.ts';
import { startLaurel } from '../laurel.ts';
import { PASSWORD } from './console-stack.ts';
import { watchTroubles } from './screen-checks.ts';
import { type Manner, newContext, Visit } from './visit.ts';

const STEP_MS = 30_000;

/** The code that an authenticator shows, some steps from now. */
const codeOf = (secret: string, steps: number) =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({
    timestamp: Date.now() + steps * STEP_MS,
  });

/**
 * Asserts that staff set up a second factor before their first sign-in, and show a code at the next
 * one: where it is required, at an API of its own.
 */
export async function setsUpSecondFactor(browser: Browser, manner: Manner): Promise<void> {
  const laurel = await startLaurel({ mfaRequired: true, workers: false });
  const context = await newContext(browser, manner.language);
  try {
    const username = 'new.auditor';
    const passwordHash = await createPasswords().hash(PASSWORD);
    const { id } = await laurel.signIn('AUDITOR', { username, passwordHash });
    const page = await context.newPage();
    const visit = new Visit(page, manner, await watchTroubles(page), laurel.url);
    const { signIn, shell, overview } = visit.t;
    const enterPassword = async () => {
      await page.getByLabel(signIn.username, { exact: true }).fill(username);
      await page.getByLabel(signIn.password, { exact: true }).fill(PASSWORD);
      await page.keyboard.press('Enter');
    };
    const enterCode = async (code: string) => {
      await page.getByLabel(signIn.code, { exact: true }).fill(code);
      await page.keyboard.press('Enter');
    };

    await visit.open('/console');
    await enterPassword();
    await visit.settled(signIn.enrol);
    await page.getByRole('img', { name: signIn.qrCode }).waitFor();
    await visit.check();
    const secret = (await page.locator('main code').first().textContent()) ?? '';
    await enterCode(codeOf(secret, 0));
    await visit.settled(signIn.recovery);
    await visit.check();
    assert.equal(await page.locator('.recovery-codes li').count(), 10);
    await visit.button(signIn.kept).click();
    await visit.settled(overview.title);

    await visit.button(shell.signOut).click();
    await visit.settled(signIn.title);
    await enterPassword();
    await page.getByLabel(signIn.code, { exact: true }).waitFor();
    await visit.check();
    // A step ahead of the one that counted already.
    await enterCode('no code');
    await visit.sees(signIn.wrongCode);
    await enterCode(codeOf(secret, 1));
    await visit.settled(overview.title);
    assert.equal((await laurel.store.totp.find(id))?.recoveryCodes, 10);
  } finally {
    await context.close();
    await laurel.stop();
  }
}
