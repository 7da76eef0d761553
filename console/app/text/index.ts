/** The page's texts in the viewer's language. */
import { language } from '../preferences.ts';
import { en } from './en/index.ts';
import { ko } from './ko/index.ts';

export type { Texts } from './en/index.ts';

/** The texts of the viewer's language; a component that calls it is drawn again in the other one. */
export function t(): typeof en {
  return language.value === 'ko' ? ko : en;
}

/** The word for a value of the API; the value itself where this console does not know it yet. */
export function wordFor(words: Readonly<Record<string, string>>, value: string): string {
  return words[value] ?? value;
}
