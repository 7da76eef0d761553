/** What is typed and not saved yet: the viewer is asked before it is lost. */
import { signal } from '@preact/signals';
import { useLayoutEffect } from 'preact/hooks';

/** What is done if the viewer agrees to lose it; undefined while nobody is asked. */
export const asked = signal<(() => void) | undefined>(undefined);

/** How many forms hold something that is not saved. */
let unsavedForms = 0;

/** Says whether a form holds something that is not saved. */
export function useUnsaved(isUnsaved: boolean): void {
  useLayoutEffect(() => {
    if (!isUnsaved) return;
    unsavedForms += 1;
    addEventListener('beforeunload', warn);
    return () => {
      unsavedForms -= 1;
      // A listener that is always there would keep browsers from caching the page.
      if (unsavedForms === 0) removeEventListener('beforeunload', warn);
    };
  }, [isUnsaved]);
}

/** Whether something would be lost now. */
export function hasUnsaved(): boolean {
  return unsavedForms > 0;
}

/** Calls `leave` at once if nothing would be lost, else when the viewer agrees. */
export function askBefore(leave: () => void): void {
  if (hasUnsaved()) asked.value = leave;
  else leave();
}

/** The browser then asks in its own words: a page that is closed or loaded again cannot. */
function warn(event: BeforeUnloadEvent): void {
  event.preventDefault();
}
