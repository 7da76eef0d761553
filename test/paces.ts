/** A pace that a test decides on: by a provider's own, one failure would change the way of every claim. */
import type { ActivityDeps } from '../activities/deps.ts';

/** Every claim's provider gets a first try within the claim's one activity. */
export function alwaysTried(deps: ActivityDeps): ActivityDeps {
  return { ...deps, pace: { enter: () => () => {} } };
}

/** None does: each is asked step by step, in an activity of its own. */
export function neverTried(deps: ActivityDeps): ActivityDeps {
  return { ...deps, pace: { enter: () => null } };
}
