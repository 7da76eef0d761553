/** Short messages at the page's foot, which screen readers speak. */
import { signal } from '@preact/signals';

/** How long a message is shown, in milliseconds: long enough to read two lines. */
const SHOWN_MS = 6_000;

/** The message shown now; empty for none. */
export const announced = signal('');

let timer: ReturnType<typeof setTimeout> | undefined;

/** Shows and speaks a message, such as "Copied". */
export function announce(message: string): void {
  clearTimeout(timer);
  announced.value = message;
  timer = setTimeout(() => {
    announced.value = '';
  }, SHOWN_MS);
}
