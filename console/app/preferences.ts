/** The viewer's language and colour scheme, kept in this browser. */
import { effect, signal } from '@preact/signals';

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
  language.value = kept('laurel.language', LANGUAGES) ?? browser;
  scheme.value = kept('laurel.scheme', SCHEMES) ?? 'auto';
  effect(() => {
    document.documentElement.lang = language.value;
    keep('laurel.language', language.value);
  });
  effect(() => {
    document.documentElement.dataset.scheme = scheme.value;
    keep('laurel.scheme', scheme.value);
  });
}

function kept<T extends string>(name: string, known: readonly T[]): T | undefined {
  try {
    const text = localStorage.getItem(name);
    return known.find((value) => value === text);
  } catch {
    return undefined;
  }
}

/** A browser that lets nothing be kept asks again after each reload; nothing else is lost. */
function keep(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {}
}
