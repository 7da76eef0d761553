import type { ComponentChildren } from 'preact';
import { duration, number } from '../app/format.ts';
import { t } from '../app/text/index.ts';
import type { Tone } from './badge.tsx';
import { Badge } from './badge.tsx';
import { Time } from './time.tsx';

export interface TimelineItem {
  key: string;
  title: string;
  /** How it ended, in a word. */
  outcome: string;
  tone: Tone;
  startedAt: string;
  /** Null while it goes on. */
  endedAt: string | null;
  attempts?: number;
  detail?: ComponentChildren;
}

/** What happened, in order, with how long each took and how often it was tried. */
export function Timeline({ items }: { items: readonly TimelineItem[] }) {
  return (
    <ol class="timeline">
      {items.map((item) => (
        <li key={item.key} class={item.tone}>
          <Moment item={item} />
        </li>
      ))}
    </ol>
  );
}

function Moment({ item }: { item: TimelineItem }) {
  const { common } = t();
  const tookMs = item.endedAt ? Date.parse(item.endedAt) - Date.parse(item.startedAt) : undefined;
  return (
    <>
      <p>
        <strong>{item.title}</strong> <Badge tone={item.tone}>{item.outcome}</Badge>
      </p>
      <p class="quiet">
        <Time at={item.startedAt} isExact />
        {tookMs !== undefined && ` · ${duration(tookMs)}`}
        {item.attempts !== undefined &&
          item.attempts > 1 &&
          ` · ${common.attempts(number(item.attempts))}`}
      </p>
      {item.detail && <div class="detail">{item.detail}</div>}
    </>
  );
}
