/**
 * The console in a browser, all of it: every journey by mouse and by keyboard in both languages, every
 * screen in both languages, widths and colours. `npm run test:console` runs it; `npm test` does not.
 * With `PICTURES=on` it also makes the pictures of `docs/console.md`.
 */
import { describe, test } from 'node:test';
import { asksBeforeLosing, endsAndComesBack, outlivesTheApi, saysProblems } from './guards.ts';
import { JOURNEYS, walk } from './journeys.ts';
import { picture } from './pictures.ts';
import { watchTroubles } from './screen-checks.ts';
import type { Screen } from './screens.ts';
import { setsUpSecondFactor } from './second-factor.ts';
import { type Stage, setStage } from './stage.ts';
import { type Manner, newContext, Visit } from './visit.ts';

const LANGUAGES = ['ko', 'en'] as const;
const INPUTS = ['mouse', 'keyboard'] as const;
const WIDTHS = [1280, 390] as const;
const SCHEMES = ['light', 'dark'] as const;

/** Languages, inputs and widths, each with each; the colours change from one to the next. */
const WALKED: Manner[] = LANGUAGES.flatMap((language, l) =>
  INPUTS.flatMap((input, i) =>
    WIDTHS.map((width, w) => ({
      language,
      input,
      width,
      scheme: SCHEMES[(l + i + w) % 2] as Manner['scheme'],
    })),
  ),
);

/** Languages, widths and colours, each with each. */
const LOOKED_AT: Manner[] = LANGUAGES.flatMap((language) =>
  WIDTHS.flatMap((width) =>
    SCHEMES.map((scheme) => ({ language, width, scheme, input: 'mouse' as const })),
  ),
);

const nameOf = ({ language, input, width, scheme }: Manner) =>
  `${language}, ${input}, ${width} px, ${scheme}`;

describe('the whole console', () => {
  const stage = setStage();

  // First: on the journeys much happens that these would show too.
  for (const manner of LOOKED_AT) {
    test(`every screen: ${nameOf(manner)}`, async () => {
      const visit = await stage.visitors.visit('ADMIN', manner);
      await visit.home();
      for (const screen of stage.screens) await look(visit, screen);
      await visit.page.close();
      await lookAtSignIn(stage, manner);
    });
  }

  for (const [turn, manner] of WALKED.entries()) {
    for (const journey of JOURNEYS) {
      test(`${journey.id}: ${journey.title} (${nameOf(manner)})`, async () => {
        const visit = await stage.visitors.visit('ADMIN', manner);
        const name = `${journey.id.toLowerCase()}t${turn}`;
        await walk(journey, { visit, ...stage, name });
      });
    }
  }

  for (const [turn, manner] of [WALKED[0], WALKED.at(-1)].entries()) {
    if (!manner) continue;
    test(`a session that ends, an API that is down, text that is typed (${nameOf(manner)})`, async () => {
      await asksBeforeLosing(stage, manner);
      await saysProblems(stage, manner);
      await endsAndComesBack(stage, manner, `short.session${turn}`);
      await outlivesTheApi(stage, manner);
    });

    test(`staff set up a second factor, and are asked for a code next time (${nameOf(manner)})`, async () => {
      await setsUpSecondFactor(stage.browser, manner);
    });
  }
});

/** Checks one screen, and takes its picture where it is to have one. */
async function look(visit: Visit, { name, address, title }: Screen): Promise<void> {
  await visit.go(address);
  await visit.settled(title(visit.t));
  await visit.check();
  await picture(visit, name);
  visit.checkTroubles();
}

async function lookAtSignIn({ browser, stack }: Stage, manner: Manner): Promise<void> {
  const context = await newContext(browser, manner.language);
  const page = await context.newPage();
  await page.setViewportSize({ width: manner.width, height: 900 });
  await page.emulateMedia({ colorScheme: manner.scheme });
  const visit = new Visit(page, manner, await watchTroubles(page), stack.url);
  const title = (t: Visit['t']) => t.signIn.title;
  await visit.open('/console');
  await look(visit, { name: 'sign-in', address: '/console', roles: [], title });
  await context.close();
}
