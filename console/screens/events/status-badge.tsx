import { t, wordFor } from '../../app/text/index.ts';
import { Badge, type Tone } from '../../parts/badge.tsx';
import type { EventStatus } from './types.ts';

const TONES: Record<EventStatus, Tone> = {
  DRAFT: 'plain',
  ACTIVE: 'good',
  PAUSED: 'warn',
  ENDED: 'plain',
};

/** An event's status. */
export function EventStatusBadge({ status }: { status: EventStatus }) {
  return <Badge tone={TONES[status]}>{wordFor(t().words.eventStatus, status)}</Badge>;
}
