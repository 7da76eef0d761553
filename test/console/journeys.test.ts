/**
 * The console in a browser: each journey once, with language, input, width and colours in turns; what
 * each role sees; sessions that end; an API that is down. `npm run test:console` walks the whole set.
 */
import { describe, test } from 'node:test';
import { type Staff, USERNAMES } from './console-stack.ts';
import {
  asksBeforeLosing,
  endsAndComesBack,
  outlivesTheApi,
  saysProblems,
  seesWhatTheyMay,
} from './guards.ts';
import { JOURNEYS, walk } from './journeys.ts';
import { signsInAtTheProvider } from './provider-sign-in.ts';
import { setStage } from './stage.ts';
import type { Manner } from './visit.ts';

/** In turns, so that two journeys beside each other share little. */
const MANNERS: readonly Manner[] = [
  { language: 'ko', input: 'mouse', width: 1280, scheme: 'light' },
  { language: 'en', input: 'keyboard', width: 390, scheme: 'dark' },
  { language: 'ko', input: 'keyboard', width: 1280, scheme: 'dark' },
  { language: 'en', input: 'mouse', width: 390, scheme: 'light' },
];

describe('the console', () => {
  const stage = setStage();

  for (const [index, journey] of JOURNEYS.entries()) {
    const manner = MANNERS[index % MANNERS.length] as Manner;
    const { language, input, width, scheme } = manner;
    test(`${journey.id}: ${journey.title} (${language}, ${input}, ${width}, ${scheme})`, async () => {
      const visit = await stage.visitors.visit('ADMIN', manner);
      await walk(journey, { visit, ...stage, name: journey.id.toLowerCase() });
    });
  }

  for (const [index, role] of (Object.keys(USERNAMES) as Staff[]).entries()) {
    test(`${role} sees what they may, and nothing answers 403`, async () => {
      await seesWhatTheyMay(stage, role, MANNERS[index % MANNERS.length] as Manner);
    });
  }

  test('a session that ends leads to the sign-in, and back', async () => {
    await endsAndComesBack(stage, MANNERS[0] as Manner);
  });

  test('what is typed is not lost without asking', async () => {
    await asksBeforeLosing(stage, MANNERS[1] as Manner);
  });

  test('problems are said in the viewer’s language', async () => {
    await saysProblems(stage, MANNERS[0] as Manner);
  });

  test("staff sign in at the studio's own provider", async () => {
    await signsInAtTheProvider(stage, MANNERS[0] as Manner);
  });

  test('an API that is down is said, and the page goes on by itself', async () => {
    await outlivesTheApi(stage, MANNERS[1] as Manner);
  });
});
