/** Fixed paces for tests. By a provider's measured pace, one failure would change the path of every claim. */
import type { ActivityDeps } from '../activities/deps.ts';

/** Every claim gets a first try within its one activity. */
export function alwaysTried(deps: ActivityDeps): ActivityDeps {
  return { ...deps, pace: { enter: () => () => {} } };
}

/** No claim gets a first try: each call to the provider is an activity of its own. */
export function neverTried(deps: ActivityDeps): ActivityDeps {
  return { ...deps, pace: { enter: () => null } };
}
