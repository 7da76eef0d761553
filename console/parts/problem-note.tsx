import type { Problem } from '../app/problem.ts';
import { t } from '../app/text/index.ts';

/** What went wrong, in words, with the API's code for whoever is asked for help. */
export function ProblemNote(props: { problem: Problem; onRetry?: (() => void) | undefined }) {
  const { problem } = props;
  const { common } = t();
  const isUnreachable = problem.code === 'unreachable';
  return (
    <div class="note bad" role="alert">
      <p>
        <strong>{isUnreachable ? common.problem.unreachable : common.problem.unexpected}</strong>{' '}
        {!isUnreachable && (problem.detail || problem.title)}{' '}
        {problem.retryAfterS !== undefined &&
          common.problem.retryAfter(String(problem.retryAfterS))}
      </p>
      <FieldErrors problem={problem} />
      <div class="actions">
        {props.onRetry && (
          <button type="button" onClick={props.onRetry}>
            {common.tryAgain}
          </button>
        )}
        {!isUnreachable && <code>{problem.code}</code>}
      </div>
    </div>
  );
}

function FieldErrors({ problem }: { problem: Problem }) {
  if (problem.errors.length === 0) return null;
  return (
    <ul>
      {problem.errors.map(({ pointer, message }) => (
        <li key={pointer}>
          <code>{pointer || '/'}</code> {message}
        </li>
      ))}
    </ul>
  );
}
