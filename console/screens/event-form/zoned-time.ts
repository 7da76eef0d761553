/** Wall times: what the clocks of a zone show, as `datetime-local` fields have it. */

const DAY_MS = 86_400_000;

/** Making a formatter takes long. */
const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * What the clocks of a zone show at a moment: `2026-12-01T09:00`, with seconds where they are not 0.
 * @returns an empty text if the moment is none
 */
export function wallTime(iso: string, zone: string): string {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return '';
  const wall = new Date(at + offsetMs(at, zone)).toISOString().slice(0, 19);
  return wall.endsWith(':00') ? wall.slice(0, 16) : wall;
}

/**
 * The moment at which the clocks of a zone show a wall time. The earlier one where they show it
 * twice; where they skip it, as long after the skip as the wall time is after its beginning.
 * @returns RFC 3339 in UTC; an empty text if it is no wall time
 */
export function momentOf(wall: string, zone: string): string {
  const asUtc = Date.parse(`${wall}Z`);
  if (Number.isNaN(asUtc)) return '';
  const before = asUtc - offsetMs(asUtc - DAY_MS, zone);
  const after = asUtc - offsetMs(asUtc + DAY_MS, zone);
  const fits = [before, after].find((at) => at + offsetMs(at, zone) === asUtc);
  return new Date(fits ?? before).toISOString();
}

/** Whether this browser knows a time zone of that name. */
export function isZone(zone: string): boolean {
  try {
    return Boolean(formatOf(zone));
  } catch {
    return false;
  }
}

/** How far a zone's clocks are ahead of UTC at a moment, in milliseconds. */
function offsetMs(at: number, zone: string): number {
  const parts = formatOf(zone).formatToParts(at);
  const value = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  const shown = Date.UTC(
    value('year'),
    value('month') - 1,
    value('day'),
    value('hour'),
    value('minute'),
    value('second'),
  );
  return shown - Math.floor(at / 1_000) * 1_000;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formats.set(zone, format);
  return format;
}
