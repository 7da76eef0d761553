import { shortDateTime, viewerZone } from '../../app/format.ts';
import { t } from '../../app/text/index.ts';
import { SelectField, TextField } from '../../parts/field.tsx';
import { isZone, momentOf, wallTime } from './zoned-time.ts';

/**
 * A moment, typed as the clocks of one zone show it, and shown as another's do.
 * @param props.value RFC 3339 in UTC; empty for none
 */
export function MomentField(props: {
  label: string;
  value: string;
  /** The zone that it is typed in. */
  zone: string;
  otherZone: string;
  hint?: string;
  required?: boolean;
  error?: string | undefined;
  onInput: (value: string) => void;
}) {
  const { label, value, zone, otherZone, hint, required = false, error, onInput } = props;
  const isTime = !Number.isNaN(Date.parse(value));
  const other =
    isTime && otherZone !== zone && isZone(otherZone)
      ? t().eventForm.inOther(shortDateTime(value, otherZone), otherZone)
      : undefined;
  return (
    <TextField
      type="datetime-local"
      label={label}
      value={wallTime(value, zone)}
      hint={[other, hint].filter(Boolean).join(' · ') || undefined}
      error={error}
      required={required}
      onInput={(wall) => onInput(momentOf(wall, zone))}
    />
  );
}

/** In which zone times are typed: the event's or the viewer's. Nothing to choose where both are one. */
export function ZoneChoice(props: {
  eventZone: string;
  zone: string;
  onChange: (zone: string) => void;
}) {
  const { eventZone, zone, onChange } = props;
  const { eventForm } = t();
  if (eventZone === viewerZone || !isZone(eventZone)) return null;
  return (
    <SelectField
      label={eventForm.typedIn}
      value={zone}
      onInput={onChange}
      options={[
        [eventZone, eventForm.eventZone(eventZone)],
        [viewerZone, eventForm.yourZone(viewerZone)],
      ]}
    />
  );
}
