import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Problem } from '../app/problem.ts';
import { t } from '../app/text/index.ts';
import { Dialog } from './dialog.tsx';
import { NoteField, TextField } from './field.tsx';
import { ProblemNote } from './problem-note.tsx';

interface ConfirmProps {
  open: boolean;
  title: string;
  /** The button's text: what will be done, not "OK". */
  action: string;
  /** Whether it cannot be taken back. */
  isDanger?: boolean;
  /** A number, or an ID, that must be typed before the button works. */
  typed?: string | undefined;
  /** Whether a note may be written. */
  takesNote?: boolean;
  /** Whether the button is shown at all; true unless given. */
  canConfirm?: boolean;
  /** @returns the problem; undefined if it is done, which closes the dialog */
  onConfirm: (note: string | undefined) => Promise<Problem | undefined>;
  onClose: () => void;
  /** What will happen, and to what. */
  children?: ComponentChildren;
}

/** Asks before something is done that matters. */
export function Confirm(props: ConfirmProps) {
  const { open, title, onClose } = props;
  const [note, setNote] = useState('');
  return (
    <Dialog open={open} title={title} isUnsaved={note.trim() !== ''} onClose={onClose}>
      <ConfirmForm {...props} note={note} onNote={setNote} />
    </Dialog>
  );
}

function ConfirmForm(props: ConfirmProps & { note: string; onNote: (note: string) => void }) {
  const { note } = props;
  const { common } = t();
  const [typed, setTyped] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const isTyped = props.typed === undefined || typed.trim() === props.typed;
  const confirm = async (event: Event) => {
    event.preventDefault();
    if (!isTyped || isBusy) return;
    const form = event.currentTarget;
    setBusy(true);
    const found = await props.onConfirm(note.trim() || undefined);
    setBusy(false);
    setProblem(found);
    if (!found) closeDialogOf(form);
  };
  return (
    <form onSubmit={confirm}>
      {props.children}
      {props.takesNote && <NoteField value={note} onInput={props.onNote} />}
      {props.typed !== undefined && props.canConfirm !== false && (
        <TextField
          label={common.typeCount(props.typed)}
          value={typed}
          onInput={setTyped}
          autocomplete="off"
        />
      )}
      {problem && <ProblemNote problem={problem} />}
      <div class="actions end">
        <button type="button" onClick={(event) => closeDialogOf(event.currentTarget)}>
          {common.cancel}
        </button>
        {props.canConfirm !== false && (
          <button
            type="submit"
            class={props.isDanger ? 'danger' : 'primary'}
            disabled={!isTyped || isBusy}
          >
            {props.action}
          </button>
        )}
      </div>
    </form>
  );
}

/** Closes as Escape does, which gives the focus back and then calls `onClose`. */
function closeDialogOf(part: EventTarget | null): void {
  if (part instanceof Element) part.closest('dialog')?.close();
}
