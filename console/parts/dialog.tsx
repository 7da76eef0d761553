import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';

/**
 * A modal dialog. Escape closes it, and the browser gives the focus back to where it was.
 * @param props.onClose called when it was closed, however that was done
 */
export function Dialog(props: {
  open: boolean;
  title: string;
  onClose: () => void;
  children?: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  useEffect(() => {
    if (props.open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [props.open]);
  return (
    <dialog ref={dialog} aria-labelledby={title} onClose={props.onClose}>
      {props.open && (
        <>
          <h2 id={title}>{props.title}</h2>
          {props.children}
        </>
      )}
    </dialog>
  );
}
