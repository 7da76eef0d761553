import type { Problem } from '../app/problem.ts';
import { t } from '../app/text/index.ts';
import type { ProblemCode } from '../app/types.ts';
import { FieldMessage } from './field-message.tsx';

/** Codes whose title says all that the API's own sentence says. */
const TITLE_SAYS_ALL: ReadonlySet<string> = new Set<ProblemCode>([
  'unreachable',
  'unauthenticated',
  'invalid_credentials',
  'token_expired',
  'event_not_open',
  'already_claimed',
  'username_taken',
  'version_mismatch',
  'rate_limited',
  'unavailable',
]);

/** What went wrong, in words, with the API's code for whoever is asked for help. */
export function ProblemNote(props: { problem: Problem; onRetry?: (() => void) | undefined }) {
  const { problem } = props;
  const { common, problems } = t();
  const titles: Readonly<Record<string, string>> = problems.title;
  const isUnreachable = problem.code === 'unreachable';
  return (
    <div class="note bad" role="alert">
      <p>
        <strong>{titles[problem.code] ?? problems.unknown}</strong>{' '}
        {problem.retryAfterS !== undefined && problems.retryAfter(String(problem.retryAfterS))}
      </p>
      <ServerSaid problem={problem} />
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

/** The API's own sentence, which is English, where it says more than the rest. */
function ServerSaid({ problem: { code, detail, title, errors } }: { problem: Problem }) {
  const text = detail || title;
  if (!text || errors.length > 0 || TITLE_SAYS_ALL.has(code)) return null;
  return (
    <p>
      {t().problems.serverSaid} <span lang="en">{text}</span>
    </p>
  );
}

function FieldErrors({ problem }: { problem: Problem }) {
  if (problem.errors.length === 0) return null;
  return (
    <ul>
      {problem.errors.map(({ pointer, message }) => (
        <li key={pointer}>
          <code>{pointer || '/'}</code> <FieldMessage message={message} />
        </li>
      ))}
    </ul>
  );
}
