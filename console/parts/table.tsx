import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Loaded } from '../app/data.ts';
import { hrefWith, query } from '../app/router.ts';
import { t } from '../app/text/index.ts';
import { Loading } from './loaded.tsx';
import { ProblemNote } from './problem-note.tsx';

/** One column of a table. The first one names its row. */
export interface Column<Row> {
  title: string;
  cell: (row: Row) => ComponentChildren;
  /** Aligned to its end. */
  isNumber?: boolean;
}

interface TableProps<Row> {
  /** Says what the table lists; for screen readers alone, as a heading stands above most tables. */
  caption: string;
  columns: Column<Row>[];
  rows: readonly Row[];
  /** What tells a row from the others. */
  rowKey: (row: Row) => string;
}

/** A table. On a narrow page each row is a small list of names and values. */
export function Table<Row>({ caption, columns, rows, rowKey }: TableProps<Row>) {
  return (
    <table>
      <caption class="unseen">{caption}</caption>
      <thead>
        <tr>
          {columns.map(({ title, isNumber }) => (
            <th key={title} scope="col" class={isNumber ? 'number' : undefined}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={rowKey(row)}>
            {columns.map((column, index) => (
              <Cell key={column.title} column={column} row={row} isFirst={index === 0} />
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Cell<Row>(props: { column: Column<Row>; row: Row; isFirst: boolean }) {
  const { title, cell, isNumber } = props.column;
  const content = <div class="cell">{cell(props.row)}</div>;
  const common = { 'data-title': title, class: isNumber ? 'number' : undefined };
  return props.isFirst ? (
    <th scope="row" {...common}>
      {content}
    </th>
  ) : (
    <td {...common}>{content}</td>
  );
}

/** A page of the API. */
export interface PageOf<Row> {
  items: Row[];
  nextCursor: string | null;
}

/**
 * One page of a list, whose cursor is in the address. What was loaded before stays while the next
 * page is loaded.
 * @param props.empty what an empty list says: what to do next
 * @param props.cursorName the cursor's query parameter, on a screen with several lists
 */
export function PagedTable<Row>(
  props: Omit<TableProps<Row>, 'rows'> & {
    page: Loaded<PageOf<Row>>;
    empty: ComponentChildren;
    cursorName?: string;
  },
) {
  const { data, problem, loading, reload } = props.page;
  const list = useRef<HTMLDivElement>(null);
  const { cursorName = 'cursor' } = props;
  const cursor = query.value.get(cursorName);
  const before = useRef(cursor);
  useEffect(() => {
    if (before.current === cursor) return;
    before.current = cursor;
    list.current?.focus();
  }, [cursor]);
  return (
    <div ref={list} tabIndex={-1} aria-busy={loading} class="list">
      {problem && <ProblemNote problem={problem} onRetry={reload} />}
      {data === undefined && loading && <Loading />}
      {data && data.items.length === 0 && <p class="empty">{props.empty}</p>}
      {data && data.items.length > 0 && <Table {...props} rows={data.items} />}
      {data && <Pages name={cursorName} cursor={cursor} nextCursor={data.nextCursor} />}
    </div>
  );
}

function Pages(props: { name: string; cursor: string | null; nextCursor: string | null }) {
  const { common } = t();
  const hrefAt = (cursor: string | null) => hrefWith({ [props.name]: cursor });
  if (!props.cursor && !props.nextCursor) return null;
  return (
    <nav aria-label={common.pages} class="actions">
      {props.cursor && <a href={hrefAt(null)}>{common.firstPage}</a>}
      {props.nextCursor && <a href={hrefAt(props.nextCursor)}>{common.nextPage}</a>}
    </nav>
  );
}
