/** Folds past days of player events into sums while the worker runs. */
import { connect } from '../store/mongodb/connection.ts';
import type { PlayerEventRules } from '../store/player-events/player-event-shape.ts';
import { createProgressStore } from '../store/player-events/progress.ts';

/** In milliseconds. A day is folded once; looking every hour catches up after workers were down. */
const EVERY_MS = 3_600_000;

/** In milliseconds. Folding an hour of a busy game is one aggregation, far longer than any other call. */
const FOLD_TIMEOUT_MS = 1_800_000;

/**
 * Folds what is due, now and every hour. Several workers may do so at once. Clear the timer to end it.
 * @param onFailure called when folding fails; it is tried again an hour later
 */
export function keepFolding(
  mongodbUri: string,
  rules: PlayerEventRules,
  onFailure: (error: unknown) => void,
): NodeJS.Timeout {
  const fold = async () => {
    const database = await connect(mongodbUri, {
      appName: 'laurel-fold',
      maxPoolSize: 1,
      socketTimeoutMs: FOLD_TIMEOUT_MS,
    });
    try {
      await createProgressStore(database, rules).fold(new Date());
    } finally {
      await database.close();
    }
  };
  const attempt = () => void fold().catch(onFailure);
  attempt();
  return setInterval(attempt, EVERY_MS);
}
