/** Folds days that are over into aggregates, while the worker runs. */

import { connect } from '../store/mongodb/connection.ts';
import type { PlayerEventRules } from '../store/player-events/player-event-shape.ts';
import { createProgressStore } from '../store/player-events/progress.ts';

/** A day is due once; looking each hour makes up for a worker that was away. */
const EVERY_MS = 3_600_000;

/** An hour of a busy game's player events is one aggregation, far longer than any other call. */
const PATIENCE_MS = 1_800_000;

/**
 * Folds what is due, now and each hour; several workers may do so at once. Clear the timer to end it.
 * @param onFailure told where it could not be done; it is due still an hour later
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
      socketTimeoutMs: PATIENCE_MS,
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
