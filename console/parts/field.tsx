import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';
import { t } from '../app/text/index.ts';
import { FieldMessage } from './field-message.tsx';

interface FieldProps {
  label: string;
  hint?: string | undefined;
  /** The API's message for this field; find it with `errorAt`. */
  error?: string | undefined;
}

/** What a control needs so that its label, hint and error belong to it. */
interface ControlProps {
  id: string;
  'aria-describedby': string | undefined;
  'aria-invalid': boolean | undefined;
}

/** A control of any kind with its label, hint and error. */
function Field(props: FieldProps & { children: (control: ControlProps) => ComponentChildren }) {
  const id = useId();
  const described = [props.hint && `${id}-hint`, props.error && `${id}-error`].filter(Boolean);
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      {props.children({
        id,
        'aria-describedby': described.join(' ') || undefined,
        'aria-invalid': props.error ? true : undefined,
      })}
      {props.hint && (
        <p class="hint" id={`${id}-hint`}>
          {props.hint}
        </p>
      )}
      {props.error && (
        <p class="error" id={`${id}-error`}>
          <FieldMessage message={props.error} />
        </p>
      )}
    </div>
  );
}

interface ValueProps extends FieldProps {
  name?: string;
  value: string;
  onInput?: (value: string) => void;
  required?: boolean;
}

/** One line of text, a number, a date, a password. */
export function TextField(
  props: ValueProps & {
    type?: JSX.IntrinsicElements['input']['type'];
    autocomplete?: string;
    inputMode?: 'numeric' | 'decimal';
  },
) {
  const { label, hint, error, onInput, ...input } = props;
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        <input
          {...control}
          {...(input as JSX.IntrinsicElements['input'])}
          onInput={(event) => onInput?.(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

/** Several lines of text. */
export function LongTextField(props: ValueProps & { rows?: number }) {
  const { label, hint, error, onInput, rows = 3, ...area } = props;
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        <textarea
          {...control}
          {...area}
          rows={rows}
          onInput={(event) => onInput?.(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

/** The note that goes with a decision. */
export function NoteField(props: { value: string; onInput: (value: string) => void }) {
  const { common } = t();
  return <LongTextField label={common.note} hint={common.noteHint} {...props} />;
}

/** One of a few values. @param props.options value and text of each */
export function SelectField(
  props: ValueProps & { options: readonly (readonly [value: string, text: string])[] },
) {
  const { label, hint, error, onInput, options, value, ...select } = props;
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        <select
          {...control}
          {...select}
          value={value}
          onChange={(event) => onInput?.(event.currentTarget.value)}
        >
          {options.map(([option, text]) => (
            <option key={option} value={option} selected={option === value}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
