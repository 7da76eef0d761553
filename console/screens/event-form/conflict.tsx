import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { number } from '../../app/format.ts';
import { t } from '../../app/text/index.ts';
import { Section } from '../../parts/page.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { FieldValue, fieldLabel } from '../events/field-value.tsx';
import type { EventFields } from '../events/types.ts';
import { type Difference, differencesOf, merged, type Side } from './changes.ts';

interface ConflictProps {
  /** As the event was when the form was opened. */
  base: EventFields;
  mine: EventFields;
  theirs: EventFields;
  /** Saves what was picked on the newer version. */
  onSave: (fields: EventFields) => Promise<unknown>;
  /** Goes back to the form with what was picked. */
  onEdit: (fields: EventFields) => void;
}

const keyOf = ({ path }: Difference) => path.join('/');

/** Two people changed one event: what each has, side by side, and which of it is to be saved. */
export function Conflict({ base, mine, theirs, onSave, onEdit }: ConflictProps) {
  const { eventForm } = t();
  const differences = differencesOf(base, mine, theirs);
  const [picks, setPicks] = useState<Record<string, Side>>({});
  const [isBusy, setBusy] = useState(false);
  const note = useRef<HTMLParagraphElement>(null);
  // The button that led here is gone, and the focus with it.
  useEffect(() => note.current?.focus(), []);
  const sideOf = (difference: Difference) => picks[keyOf(difference)] ?? difference.settled;
  const open = differences.filter((difference) => !sideOf(difference)).length;
  const fields = () =>
    merged(
      theirs,
      differences.filter((difference) => sideOf(difference) === 'mine'),
    );
  const save = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    await onSave(fields());
    setBusy(false);
  };
  const pick = (difference: Difference, side: Side) =>
    setPicks((before) => ({ ...before, [keyOf(difference)]: side }));
  return (
    <Section title={eventForm.conflictTitle}>
      <form onSubmit={save}>
        <p class="note warn" role="alert" ref={note} tabIndex={-1}>
          {differences.length === 0 ? eventForm.conflictNone : eventForm.conflictHint}
        </p>
        {differences.length > 0 && (
          <Table
            caption={eventForm.conflictTitle}
            rows={differences}
            rowKey={keyOf}
            columns={columns(theirs.period.timeZone, sideOf, pick)}
          />
        )}
        <p aria-live="polite">{open > 0 && eventForm.conflictOpen(number(open))}</p>
        <div class="actions">
          <button type="submit" class="primary" disabled={open > 0 || isBusy}>
            {eventForm.conflictSave}
          </button>
          <button type="button" disabled={open > 0} onClick={() => onEdit(fields())}>
            {eventForm.conflictBack}
          </button>
        </div>
      </form>
    </Section>
  );
}

function columns(
  zone: string,
  sideOf: (difference: Difference) => Side | undefined,
  pick: (difference: Difference, side: Side) => void,
): Column<Difference>[] {
  const { event, eventForm } = t();
  const choice = (side: Side): Column<Difference> => ({
    title: eventForm[side],
    cell: (difference) => (
      <Choice
        difference={difference}
        side={side}
        zone={zone}
        isPicked={sideOf(difference) === side}
        onPick={() => pick(difference, side)}
      />
    ),
  });
  return [
    { title: event.field, cell: ({ path }) => fieldLabel(path) },
    {
      title: eventForm.base,
      cell: ({ path, base }) => <FieldValue path={path} value={base} zone={zone} />,
    },
    choice('theirs'),
    choice('mine'),
  ];
}

function Choice(props: {
  difference: Difference;
  side: Side;
  zone: string;
  isPicked: boolean;
  onPick: () => void;
}) {
  const { difference, side, zone, isPicked, onPick } = props;
  const { eventForm } = t();
  const id = useId();
  const { path } = difference;
  return (
    <div class="choice">
      <input
        type="radio"
        name={keyOf(difference)}
        id={id}
        checked={isPicked}
        aria-label={eventForm.take(eventForm[side], fieldLabel(path))}
        onChange={onPick}
      />
      <div>
        <FieldValue path={path} value={difference[side]} zone={zone} />
      </div>
    </div>
  );
}
