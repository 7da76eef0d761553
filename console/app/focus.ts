/** Where the focus goes when the control that had it is gone. */
import { useEffect, useRef } from 'preact/hooks';

/**
 * Gives the focus to the screen's heading once `value` has changed and no control has it: the button
 * that was used is no longer shown.
 */
export function useFocusAfter(value: string): void {
  const before = useRef(value);
  useEffect(() => {
    if (before.current === value) return;
    before.current = value;
    if (document.activeElement !== document.body) return;
    document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true });
  }, [value]);
}
