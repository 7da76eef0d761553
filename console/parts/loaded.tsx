import type { ComponentChildren } from 'preact';
import type { Loaded } from '../app/data.ts';
import { t } from '../app/text/index.ts';
import { ProblemNote } from './problem-note.tsx';

/**
 * What was loaded, once it is there; until then that it is loading. A problem is shown above what
 * was loaded before.
 * @example
 * <LoadedPart of={player}>{(user) => <h2>{user.username}</h2>}</LoadedPart>
 */
export function LoadedPart<T>(props: { of: Loaded<T>; children: (data: T) => ComponentChildren }) {
  const { data, problem, loading, reload } = props.of;
  return (
    <div class="stack" aria-busy={loading}>
      {problem && <ProblemNote problem={problem} onRetry={reload} />}
      {data === undefined ? loading && <Loading /> : props.children(data)}
    </div>
  );
}

/** That something is loading. */
export function Loading() {
  return (
    <p class="loading" role="status">
      {t().common.loading}
    </p>
  );
}
