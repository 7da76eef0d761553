import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { t } from '../app/text/index.ts';
import { askBefore, useUnsaved } from '../app/unsaved.ts';

/**
 * A modal dialog. Escape closes it, and the browser gives the focus back to where it was.
 * @param props.onClose called when it was closed, however that was done
 * @param props.isUnsaved whether text is typed in it: then Escape asks first; a button does not
 */
export function Dialog(props: {
  open: boolean;
  title: string;
  onClose: () => void;
  isUnsaved?: boolean;
  children?: ComponentChildren;
}) {
  useUnsaved(props.open && props.isUnsaved === true);
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  // At once: a key that is pressed meanwhile must not reach a dialog that is on its way out.
  useLayoutEffect(() => {
    if (props.open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [props.open]);
  const cancel = (event: Event) => {
    if (!props.isUnsaved) return;
    event.preventDefault();
    askBefore(() => dialog.current?.close());
  };
  return (
    <dialog ref={dialog} aria-labelledby={title} onCancel={cancel} onClose={props.onClose}>
      {props.open && (
        <>
          <h2 id={title}>{props.title}</h2>
          {props.children}
        </>
      )}
    </dialog>
  );
}

/** The buttons at the end of a dialog's form: the way out, and what the dialog is for. */
export function DialogActions(props: { action: string; isBusy?: boolean; onCancel: () => void }) {
  return (
    <div class="actions end">
      <button type="button" onClick={props.onCancel}>
        {t().common.cancel}
      </button>
      <button type="submit" class="primary" disabled={props.isBusy}>
        {props.action}
      </button>
    </div>
  );
}
