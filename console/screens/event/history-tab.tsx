import type { GameEvent } from '../events/types.ts';
export function HistoryTab(_: { event: GameEvent }) {
  return null;
}
