/** Pictures of the screens, for `docs/console.md`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { smallPng } from './small-png.ts';
import type { Visit } from './visit.ts';

const FOLDER = path.join(import.meta.dirname, '..', '..', 'docs', 'console');

/** These are shown on a narrow page too. */
const NARROW = ['overview', 'claim', 'player', 'event'];

/** Not in the document: they are like others. */
const LEFT_OUT = ['claim-granted', 'event-claims', 'event-definition', 'event-new'];

/**
 * Takes a picture of the screen that is shown, if one is wanted (`PICTURES=on`): in English and light
 * colours, the overview in Korean and dark ones too.
 */
export async function picture({ page, manner }: Visit, name: string): Promise<void> {
  if (process.env.PICTURES !== 'on' || LEFT_OUT.includes(name)) return;
  const { language, scheme, width } = manner;
  const isUsual = language === 'en' && scheme === 'light';
  const isOther = language === 'ko' && scheme === 'dark' && name === 'overview' && width === 1280;
  const isWide = width === 1280;
  if (!isOther && !(isUsual && (isWide || NARROW.includes(name)))) return;
  mkdirSync(FOLDER, { recursive: true });
  const suffix = `${isOther ? '-ko-dark' : ''}${isWide ? '' : '-390'}`;
  const png = smallPng(await page.screenshot());
  writeFileSync(path.join(FOLDER, `${name}${suffix}.png`), png);
}
