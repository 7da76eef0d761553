import type { ComponentChildren } from 'preact';
import { t, wordFor } from '../../app/text/index.ts';
import { Time } from '../../parts/time.tsx';
import { ConditionOutline, numberOrText } from './condition-outline.tsx';
import type { Condition, EventFields, Reward } from './types.ts';

/** Where a value of an event is: `['title']`, `['period', 'kind']`, `['rewards', 'cape', 'stock']`. */
type Path = readonly string[];

/** What a value of an event is called. */
export function fieldLabel(path: Path): string {
  const { events } = t();
  const [name = '', ...rest] = path;
  const field = name === 'status' ? events.status : wordFor(events.fields, name);
  return [field, ...rest.map((part, index) => partLabel(name, part, index))].join(' · ');
}

/** A reward stands by its ID or its index; in a condition, indexes and the API's own names. */
function partLabel(name: string, part: string, index: number): string {
  if (/^[0-9]+$/.test(part)) return String(Number(part) + 1);
  if (name === 'condition' || (name === 'rewards' && index === 0)) return part;
  return wordFor(t().events.parts, part);
}

/** A value of an event for a reader. @param props.zone the event's zone */
export function FieldValue(props: { path: Path; value: unknown; zone: string }) {
  return <>{shown(props.path, props.value, props.zone)}</>;
}

function shown(path: Path, value: unknown, zone: string): ComponentChildren {
  const { eventForm } = t();
  const [name, part, last] = path;
  if (value === undefined) return <span class="quiet">{eventForm.absent}</span>;
  switch (name) {
    case 'startsAt':
    case 'endsAt':
      return timeOr(value, '', zone);
    case 'claimUntil':
      return timeOr(value, t().events.asEndsAt, zone);
    case 'listedFrom':
      return timeOr(value, t().events.listedAtOnce, zone);
    case 'condition':
      return conditionValue(value);
    case 'period':
      return part ? word(part, value) : periodText(value as EventFields['period']);
    case 'parkedAfter':
      return part ? word(part, value) : parkedText(value as EventFields['parkedAfter']);
    case 'fulfillment':
      return <code>{String(part ? value : (value as EventFields['fulfillment']).provider)}</code>;
    case 'rewards':
      return last ? rewardPart(last, value) : <RewardTexts rewards={part ? [value] : value} />;
    default:
      return plain(name, value);
  }
}

/** A condition, a part of one, or none. */
function conditionValue(value: unknown): ComponentChildren {
  if (value === null) return t().events.noCondition;
  if (typeof value !== 'object') return <code>{String(value)}</code>;
  if (!Array.isArray(value)) return <ConditionOutline condition={value as Condition} />;
  return value.map((child, index) => <ConditionOutline key={index} condition={child} />);
}

function plain(name: string | undefined, value: unknown): ComponentChildren {
  const { events, common, words } = t();
  if (name === 'status') return wordFor(words.eventStatus, String(value));
  if (name === 'rewardSelection') return wordFor(events.rewardSelection, String(value));
  if (name === 'description') return value ? <p class="lines">{String(value)}</p> : common.none;
  if (name === 'exclusiveGroup') return value ? <code>{String(value)}</code> : common.none;
  if (value === null || value === '') return events.noLimit;
  return typeof value === 'object' ? <code>{JSON.stringify(value)}</code> : numberOrText(value);
}

function timeOr(value: unknown, none: string, zone: string): ComponentChildren {
  const isTime = typeof value === 'string' && !Number.isNaN(Date.parse(value));
  return isTime ? <Time at={value} zone={zone} /> : none;
}

/** A part of the period or of `parkedAfter`. */
function word(part: string, value: unknown): ComponentChildren {
  const { events } = t();
  if (part === 'kind') return wordFor(events.periodKind, String(value));
  if (part === 'resetDay') return wordFor(events.weekday, String(value));
  if (part === 'action') return wordFor(events.parkedAction, String(value));
  return numberOrText(value);
}

function periodText({ kind, timeZone, resetHour, resetMinute, resetDay }: EventFields['period']) {
  const { events } = t();
  if (kind === 'ONCE') return `${events.periodKind.ONCE} (${timeZone})`;
  const time = [resetHour, resetMinute].map((value) => String(value).padStart(2, '0')).join(':');
  const day = kind === 'WEEKLY' ? `${events.weekday[resetDay]} ` : '';
  return events.periodText(events.periodKind[kind], timeZone, day + time);
}

function parkedText({ action, hours }: EventFields['parkedAfter']): string {
  const { events } = t();
  const what = events.parkedAction[action];
  return action === 'WAIT' ? what : events.parkedText(what, numberOrText(hours));
}

function rewardPart(part: string, value: unknown): ComponentChildren {
  const { events, words } = t();
  if (part === 'kind') return wordFor(words.kind, String(value));
  return value === null ? events.unlimited : numberOrText(value);
}

function RewardTexts({ rewards }: { rewards: unknown }) {
  const { events, words } = t();
  return (
    <ul class="plain-list">
      {(rewards as Reward[]).map(({ rewardId, kind, name, quantity, stock }) => (
        <li key={rewardId}>
          <code>{rewardId}</code> {name} × {numberOrText(quantity)} ({wordFor(words.kind, kind)}
          {stock !== undefined &&
            `, ${events.parts.stock}: ${stock === null ? events.unlimited : numberOrText(stock)}`}
          )
        </li>
      ))}
    </ul>
  );
}
