/** Pictures of the screens, for `docs/console.md`. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Visit } from './visit.ts';

const FOLDER = path.join(import.meta.dirname, '..', '..', 'docs', 'console');

/** These are shown on a narrow page too. */
const NARROW = ['overview', 'claim', 'player', 'event'];

/** The tallest part of a screen that a picture shows, in pixels. */
const TALLEST = 1_400;

/**
 * Takes a picture of the screen that is shown, if one is wanted (`PICTURES=on`): in English and light
 * colours, the overview in Korean and dark ones too.
 */
export async function picture({ page, manner }: Visit, name: string): Promise<void> {
  if (process.env.PICTURES !== 'on') return;
  const { language, scheme, width } = manner;
  const isUsual = language === 'en' && scheme === 'light';
  const isOther = language === 'ko' && scheme === 'dark' && name === 'overview' && width === 1280;
  const isWide = width === 1280;
  if (!isOther && !(isUsual && (isWide || NARROW.includes(name)))) return;
  mkdirSync(FOLDER, { recursive: true });
  const suffix = `${isOther ? '-ko-dark' : ''}${isWide ? '' : '-390'}`;
  const height = Number(await page.evaluate('document.documentElement.scrollHeight'));
  const clip = { x: 0, y: 0, width, height: Math.min(height, TALLEST) };
  await page.screenshot({ path: path.join(FOLDER, `${name}${suffix}.png`), fullPage: true, clip });
}
