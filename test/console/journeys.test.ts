/**
 * The console in a browser: each journey once, with language, input, width and colours in turns; what
 * each role sees; sessions that end; an API that is down. `npm run test:console` walks the whole set.
 */
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { startBrowser } from './browser.ts';
import {
  type ConsoleStack,
  fillStack,
  type Staff,
  startConsoleStack,
  USERNAMES,
} from './console-stack.ts';
import { endsAndComesBack, outlivesTheApi, seesWhatTheyMay } from './guards.ts';
import { JOURNEYS, walk } from './journeys.ts';
import { type Screen, screensOf } from './screens.ts';
import { createVisitors, type Manner, type Visitors } from './visit.ts';

/** In turns, so that two journeys beside each other share little. */
const MANNERS: readonly Manner[] = [
  { language: 'ko', input: 'mouse', width: 1280, scheme: 'light' },
  { language: 'en', input: 'keyboard', width: 390, scheme: 'dark' },
  { language: 'ko', input: 'keyboard', width: 1280, scheme: 'dark' },
  { language: 'en', input: 'mouse', width: 390, scheme: 'light' },
];

describe('the console', () => {
  let stack: ConsoleStack;
  let browser: Browser;
  let visitors: Visitors;
  let screens: Screen[];

  before(async () => {
    [stack, browser] = await Promise.all([startConsoleStack(), startBrowser()]);
    visitors = createVisitors(browser, stack);
    screens = screensOf(await fillStack(stack));
  });
  after(async () => {
    await browser?.close();
    await stack?.stop();
  });

  for (const [index, journey] of JOURNEYS.entries()) {
    const manner = MANNERS[index % MANNERS.length] as Manner;
    const { language, input, width, scheme } = manner;
    test(`${journey.id}: ${journey.title} (${language}, ${input}, ${width}, ${scheme})`, async () => {
      const visit = await visitors.visit('ADMIN', manner);
      await walk(journey, { visit, stack, visitors, name: journey.id.toLowerCase() });
    });
  }

  for (const [index, role] of (Object.keys(USERNAMES) as Staff[]).entries()) {
    test(`${role} sees what they may, and nothing answers 403`, async () => {
      await seesWhatTheyMay(visitors, role, MANNERS[index % MANNERS.length] as Manner, screens);
    });
  }

  test('a session that ends leads to the sign-in, and back', async () => {
    await endsAndComesBack(browser, stack, MANNERS[0] as Manner);
  });

  test('an API that is down is said, and the page goes on by itself', async () => {
    await outlivesTheApi(browser, stack, MANNERS[1] as Manner);
  });
});
