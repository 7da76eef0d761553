/** Each journey once, in a browser: language, input, width and colours in turns. */
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { startBrowser } from './browser.ts';
import { type ConsoleStack, fillStack, startConsoleStack } from './console-stack.ts';
import { JOURNEYS, walk } from './journeys.ts';
import { createVisitors, type Manner, type Visitors } from './visit.ts';

/** In turns, so that two journeys beside each other share little. */
const MANNERS: readonly Manner[] = [
  { language: 'ko', input: 'mouse', width: 1280, scheme: 'light' },
  { language: 'en', input: 'keyboard', width: 390, scheme: 'dark' },
  { language: 'ko', input: 'keyboard', width: 1280, scheme: 'dark' },
  { language: 'en', input: 'mouse', width: 390, scheme: 'light' },
];

describe('journeys of the console', () => {
  let stack: ConsoleStack;
  let browser: Browser;
  let visitors: Visitors;

  before(async () => {
    [stack, browser] = await Promise.all([startConsoleStack(), startBrowser()]);
    visitors = createVisitors(browser, stack);
    await fillStack(stack);
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
});
