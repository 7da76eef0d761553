/** One person at the console: a page, in a language, used by mouse or by keyboard alone. */
import assert from 'node:assert/strict';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { en, type Texts } from '../../console/app/text/en/index.ts';
import { ko } from '../../console/app/text/ko/index.ts';
import { type ConsoleStack, PASSWORD, type Staff, USERNAMES } from './console-stack.ts';
import { checkScreen, type Troubles, watchTroubles } from './screen-checks.ts';

export type Language = 'ko' | 'en';
type Input = 'mouse' | 'keyboard';
type Scheme = 'light' | 'dark';

/** How a person looks at the console. */
export interface Manner {
  language: Language;
  input: Input;
  scheme: Scheme;
  width: 1280 | 390;
}

/** Long, as a busy machine is no fault of the page's; only a failing test waits for it. */
const PATIENCE_MS = 30_000;
const HEIGHT = 900;
/** More than any screen has of what Tab reaches. */
const MOST_TABS = 400;

const TEXTS: Record<Language, Texts> = { en, ko };
const LOCALES: Record<Language, string> = { en: 'en-GB', ko: 'ko-KR' };

export class Visit {
  readonly page: Page;
  readonly manner: Manner;
  readonly troubles: Troubles;
  /** How often something was activated since `home`. Typing into what has the focus is none. */
  clicks = 0;
  readonly #url: string;

  constructor(page: Page, manner: Manner, troubles: Troubles, url: string) {
    this.page = page;
    this.manner = manner;
    this.troubles = troubles;
    this.#url = url;
  }

  /** The page's texts in its language. */
  get t(): Texts {
    return TEXTS[this.manner.language];
  }

  /** Opens an address of the console, with or without its host. */
  async open(address: string): Promise<void> {
    await this.page.goto(new URL(address, this.#url).href);
  }

  /** Goes to an address as a link of the page does. */
  async go(address: string): Promise<void> {
    // Resolves when the next screen is drawn, as the last one may have the same heading.
    await this.page.evaluate(`history.pushState(null, '', ${JSON.stringify(address)});
      dispatchEvent(new PopStateEvent('popstate'));
      new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));`);
  }

  /** Waits until the screen of that heading has loaded what it shows. */
  async settled(title: string): Promise<void> {
    await this.heading(title).waitFor();
    await this.page.locator('.loading, [aria-busy="true"]').first().waitFor({ state: 'detached' });
  }

  /** Opens the overview, and counts from there. */
  async home(): Promise<void> {
    await this.open('/console');
    await this.heading(this.t.overview.title).waitFor();
    await this.page.getByText(this.t.overview.live, { exact: true }).waitFor();
    this.clicks = 0;
  }

  /** Clicks it, or reaches it by Tab and presses Enter. */
  async press(target: Locator): Promise<void> {
    this.clicks += 1;
    if (this.manner.input === 'mouse') return await target.click();
    await this.#tabTo(target);
    await this.page.keyboard.press('Enter');
  }

  /** Writes into a field instead of what is there. To click into it counts, unless it has the focus. */
  async write(field: Locator, text: string): Promise<void> {
    if (!(await hasFocus(field))) {
      if (this.manner.input === 'mouse') {
        this.clicks += 1;
        await field.click();
      } else await this.#tabTo(field);
    }
    // The parts of a moment are in another order in each browser's language.
    if ((await field.getAttribute('type')) === 'datetime-local') return await field.fill(text);
    await this.page.keyboard.press('Control+A');
    await this.page.keyboard.type(text);
  }

  /** Chooses from a list: one click opens it, another one chooses. */
  async choose(select: Locator, label: string): Promise<void> {
    this.clicks += 2;
    if (this.manner.input === 'mouse') {
      await select.selectOption({ label });
      return;
    }
    await this.#tabTo(select);
    await this.page.keyboard.type(label);
    const chosen = await select.locator('option:checked').textContent();
    assert.equal(chosen, label);
  }

  /** Searches: Enter leads to the first hit. */
  async search(text: string): Promise<void> {
    if (this.manner.input === 'mouse') {
      const opens = this.page.getByRole('banner').getByRole('button', {
        name: this.t.shell.openSearch,
      });
      await this.press(opens);
    } else {
      this.clicks += 1;
      await this.page.keyboard.press('/');
    }
    await this.page.getByRole('dialog').waitFor();
    await this.page.keyboard.type(text);
    await this.page.keyboard.press('Enter');
  }

  /** Goes to a screen of the navigation, which a narrow page has in a menu. */
  async goTo(title: string): Promise<void> {
    const { page, t } = this;
    if (this.manner.width < 600) {
      await this.press(page.getByRole('button', { name: t.shell.menu, exact: true }));
    }
    const navigation = page.getByRole('navigation', { name: t.shell.mainNavigation });
    await this.press(navigation.getByRole('link', { name: title, exact: true }));
    await this.heading(title).waitFor();
  }

  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  link(name: string): Locator {
    return this.page.getByRole('link', { name, exact: true });
  }

  /** The screen's own heading. */
  heading(name: string): Locator {
    return this.page.getByRole('heading', { name, exact: true, level: 1 });
  }

  /** Waits until the page shows this text. */
  async sees(text: string | RegExp): Promise<void> {
    await this.page.getByText(text).first().waitFor();
  }

  /** Waits for the short message that says that something is done. */
  async hears(text: string): Promise<void> {
    await this.page.locator('.toast').getByText(text, { exact: true }).waitFor();
  }

  /** Asserts what holds for every screen, of the one that is shown now. */
  async check(): Promise<void> {
    await checkScreen(this.page);
  }

  /** Asserts that nothing went wrong unnoticed. */
  checkTroubles(): void {
    assert.deepEqual(this.troubles, { errors: [], forbidden: [] });
  }

  async #tabTo(target: Locator): Promise<void> {
    await target.waitFor();
    // Found once: to find it by its role again for each Tab would take most of the time.
    let element = await target.elementHandle();
    for (let tabs = 0; element && tabs <= MOST_TABS; tabs += 1) {
      const found = await element.evaluate((of) =>
        of.isConnected ? of === of.ownerDocument.activeElement : 'GONE',
      );
      if (found === true) return;
      if (found === 'GONE') element = await target.elementHandle();
      else await this.page.keyboard.press('Tab');
    }
    assert.fail(`Tab does not reach ${target}`);
  }
}

async function hasFocus(target: Locator): Promise<boolean> {
  return await target.evaluate((element) => element === element.ownerDocument.activeElement);
}

/** The people who look at one stack in one browser. Each is signed in once for a language. */
export function createVisitors(browser: Browser, stack: Pick<ConsoleStack, 'url'>) {
  const contexts = new Map<string, Promise<BrowserContext>>();

  async function signedIn(role: Staff, language: Language): Promise<BrowserContext> {
    const context = await newContext(browser, language);
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: stack.url });
    const page = await context.newPage();
    await page.goto(`${stack.url}/console`);
    await signInAt(page, language, USERNAMES[role]);
    await page.close();
    return context;
  }

  return {
    /** A new page of somebody of that role. Close it when it is done. */
    async visit(role: Staff, manner: Manner): Promise<Visit> {
      const { language, scheme, width } = manner;
      const name = `${role} ${language}`;
      const opened = contexts.get(name) ?? signedIn(role, language);
      contexts.set(name, opened);
      const page = await (await opened).newPage();
      await page.setViewportSize({ width, height: HEIGHT });
      await page.emulateMedia({ colorScheme: scheme });
      return new Visit(page, manner, await watchTroubles(page), stack.url);
    },
  };
}

export type Visitors = ReturnType<typeof createVisitors>;

/** A browser of nobody yet, in a language, in Seoul. */
export async function newContext(browser: Browser, language: Language): Promise<BrowserContext> {
  const context = await browser.newContext({
    locale: LOCALES[language],
    timezoneId: 'Asia/Seoul',
    viewport: { width: 1280, height: HEIGHT },
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(PATIENCE_MS);
  return context;
}

/** Signs in by the form that the page shows. */
export async function signInAt(page: Page, language: Language, username: string): Promise<void> {
  const { signIn } = TEXTS[language];
  await page.getByLabel(signIn.username, { exact: true }).fill(username);
  await page.getByLabel(signIn.password, { exact: true }).fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: signIn.title, exact: true }).waitFor({ state: 'hidden' });
}
