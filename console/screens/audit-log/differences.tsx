import { number } from '../../app/format.ts';
import { t } from '../../app/text/index.ts';
import { type Difference, differences } from './difference.ts';

/** So many are shown at once; more are folded away. */
const SHOWN = 3;

/** What a change changed: each field with what it was and what it is. */
export function Differences({ before, after }: { before: unknown; after: unknown }) {
  const { auditLog } = t();
  const all = differences(before, after);
  if (all.length === 0) return <span class="quiet">{auditLog.noDifference}</span>;
  if (all.length <= SHOWN) return <List of={all} />;
  return (
    <details>
      <summary>{auditLog.fields(number(all.length))}</summary>
      <List of={all} />
    </details>
  );
}

function List({ of }: { of: readonly Difference[] }) {
  const { auditLog } = t();
  return (
    <ul class="plain-list differences">
      {of.map(({ path, before, after }) => (
        <li key={path}>
          <code>{path || auditLog.whole}</code>{' '}
          {before !== undefined && (
            <del>
              <span class="unseen">{auditLog.before} </span>
              {textOf(before)}
            </del>
          )}{' '}
          {after !== undefined && (
            <ins>
              <span class="unseen">{auditLog.after} </span>
              {textOf(after)}
            </ins>
          )}
        </li>
      ))}
    </ul>
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? `“${value}”` : JSON.stringify(value);
}
