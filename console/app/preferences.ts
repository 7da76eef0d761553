/** The viewer's language and colour scheme, kept in this browser. */
import { effect, signal } from '@preact/signals';
import { keep, kept } from './kept.ts';

export const LANGUAGES = ['ko', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

export const SCHEMES = ['auto', 'light', 'dark'] as const;
export type Scheme = (typeof SCHEMES)[number];

/** The language of every text. */
export const language = signal<Language>('en');
/** `auto` is what the viewer's system says. */
export const scheme = signal<Scheme>('auto');

/** Reads what was kept, and from now on keeps and shows each change. */
export function startPreferences(): void {
  const browser: Language = navigator.language.startsWith('ko') ? 'ko' : 'en';
  language.value = oneOf(LANGUAGES, kept('laurel.language')) ?? browser;
  scheme.value = oneOf(SCHEMES, kept('laurel.scheme')) ?? 'auto';
  effect(() => {
    document.documentElement.lang = language.value;
    keep('laurel.language', language.value);
  });
  effect(() => {
    document.documentElement.dataset.scheme = scheme.value;
    keep('laurel.scheme', scheme.value);
  });
}

function oneOf<T extends string>(known: readonly T[], text: string | null): T | undefined {
  return known.find((value) => value === text);
}
