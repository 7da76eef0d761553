import { go, hrefTo, path, query } from '../app/router.ts';
import { t } from '../app/text/index.ts';
import { CopyButton } from './copy-button.tsx';
import { SelectField, TextField } from './field.tsx';

/** A filter of a list: a query parameter of the address, and of the API's route. */
export interface Filter {
  name: string;
  label: string;
  /** Its values and their texts; without them it is a text. */
  options?: readonly (readonly [value: string, text: string])[];
  /** A moment: shown in the viewer's zone, in the address as RFC 3339 in UTC. */
  isTime?: boolean;
  /** Seldom used: folded away until it is asked for, or filters something. */
  isMore?: boolean;
}

/**
 * A list's filters as a form. They stand in the address alone, so a filtered view is a link. A
 * choice applies at once, a text on Enter or by the button.
 */
export function Filters({ filters }: { filters: readonly Filter[] }) {
  const { common } = t();
  const given = query.value;
  const isFiltered = filters.some(({ name }) => given.has(name));
  const more = filters.filter(({ isMore }) => isMore);
  const field = (filter: Filter) => (
    <FilterField key={filter.name} filter={filter} value={given.get(filter.name) ?? ''} />
  );
  const apply = (form: HTMLFormElement) => go(hrefTo(path.value, valuesOf(form, filters)));
  return (
    <search>
      <form
        class="filters"
        key={given.toString()}
        onSubmit={(event) => {
          event.preventDefault();
          apply(event.currentTarget);
        }}
        onChange={(event) => {
          if (event.target instanceof HTMLSelectElement) apply(event.currentTarget);
        }}
      >
        {filters.filter(({ isMore }) => !isMore).map(field)}
        {more.length > 0 && (
          <details open={more.some(({ name }) => given.has(name))}>
            <summary>{common.moreFilters}</summary>
            <div class="filter-grid">{more.map(field)}</div>
          </details>
        )}
        <div class="actions">
          <button type="submit">{common.apply}</button>
          {isFiltered && <a href={path.value}>{common.clearFilters}</a>}
          <CopyButton text={location.href} what={common.link} label={common.copyLink} />
        </div>
      </form>
    </search>
  );
}

function FilterField({ filter, value }: { filter: Filter; value: string }) {
  const { name, label, options } = filter;
  if (options) {
    const all = [['', t().common.all] as const, ...options];
    return <SelectField name={name} label={label} value={value} options={all} />;
  }
  if (filter.isTime) {
    return <TextField name={name} label={label} value={localTime(value)} type="datetime-local" />;
  }
  return <TextField name={name} label={label} value={value} autocomplete="off" />;
}

function valuesOf(form: HTMLFormElement, filters: readonly Filter[]): Record<string, string> {
  const data = new FormData(form);
  const entries = filters.map(({ name, isTime }) => {
    const text = String(data.get(name) ?? '').trim();
    return [name, isTime && text ? new Date(text).toISOString() : text];
  });
  return Object.fromEntries(entries);
}

/** RFC 3339 as the value of a `datetime-local` input, in the viewer's zone; empty if it is none. */
function localTime(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return '';
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}
