import { Dialog } from '../parts/dialog.tsx';
import { t } from './text/index.ts';
import { asked } from './unsaved.ts';

/** Asks whether what is typed and not saved may be lost. Escape keeps it. */
export function UnsavedDialog() {
  const { unsaved } = t().shell;
  const stay = () => {
    asked.value = undefined;
  };
  const leave = () => {
    const go = asked.value;
    stay();
    go?.();
  };
  return (
    <Dialog open={asked.value !== undefined} title={unsaved.title} onClose={stay}>
      <div class="stack">
        <p>{unsaved.text}</p>
        <div class="actions end">
          <button type="button" onClick={stay}>
            {unsaved.stay}
          </button>
          <button type="button" class="danger" onClick={leave}>
            {unsaved.leave}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
