/** What a file of browser tests stands on: one stack with something of everything, and one browser. */
import { after, before } from 'node:test';
import type { Browser } from 'playwright-core';
import { startBrowser } from './browser.ts';
import { type ConsoleStack, fillStack, startConsoleStack } from './console-stack.ts';
import { type Screen, screensOf } from './screens.ts';
import { createVisitors, type Visitors } from './visit.ts';

export interface Stage {
  stack: ConsoleStack;
  browser: Browser;
  visitors: Visitors;
  screens: Screen[];
}

/** Starts both before the tests of a suite and ends them after. @returns them, once tests run */
export function setStage(): Stage {
  const stage: Partial<Stage> = {};
  before(async () => {
    const starting = [startConsoleStack(), startBrowser()] as const;
    await Promise.all([
      starting[0].then((stack) => Object.assign(stage, { stack })),
      starting[1].then((browser) => Object.assign(stage, { browser })),
    ]);
    const { stack, browser } = stage as Stage;
    stage.visitors = createVisitors(browser, stack);
    stage.screens = screensOf(await fillStack(stack));
  });
  after(async () => {
    await stage.browser?.close();
    await stage.stack?.stop();
  });
  return stage as Stage;
}
