/** Keys that work on every screen. */
import { signal } from '@preact/signals';

/** Whether the search box is open. */
export const searchIsOpen = signal(false);

/** What browsers say of a key that an input method is using (UI Events, section 7.3.1). */
const COMPOSING_KEY_CODE = 229;

/** Opens the search by ⌘K, Ctrl+K and `/`; keeps Enter from sending while a syllable is composed. */
export function startKeyboard(): void {
  document.addEventListener('keydown', guardComposing, { capture: true });
  document.addEventListener('keydown', openSearch);
}

/** Safari ends the composition before it reports the Enter that did it, hence the key code. */
function guardComposing(event: KeyboardEvent): void {
  if (event.key !== 'Enter' && event.keyCode !== COMPOSING_KEY_CODE) return;
  const isComposing = event.isComposing || event.keyCode === COMPOSING_KEY_CODE;
  if (!isComposing) return;
  event.stopPropagation();
  if (event.key === 'Enter') event.preventDefault();
}

function openSearch(event: KeyboardEvent): void {
  const isCommand = (event.metaKey || event.ctrlKey) && event.key.toLowerCase() === 'k';
  const isSlash = event.key === '/' && !event.metaKey && !event.ctrlKey && !event.altKey;
  if (!isCommand && !(isSlash && !takesText(event.target))) return;
  if (document.querySelector('dialog[open]')) return;
  event.preventDefault();
  searchIsOpen.value = true;
}

function takesText(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, textarea, select') !== null;
}
