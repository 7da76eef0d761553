/**
 * The page's address as a signal. Links are plain `href`s: a click on one inside the console changes
 * the address without loading the page again. Query parameters are the lists' filters and cursors.
 */
import { computed, signal } from '@preact/signals';

/** Every address of the console begins with it. */
const ROOT = '/console';

interface Place {
  /** Without a slash at its end. */
  path: string;
  query: URLSearchParams;
}

const place = signal<Place>({ path: ROOT, query: new URLSearchParams() });

/** The address's path, such as `/console/claims`. */
export const path = computed(() => place.value.path);
/** The address's query parameters. */
export const query = computed(() => place.value.query);
/** How often another screen was shown since the page was loaded: 0 before the first navigation. */
export const navigations = signal(0);

/** Follows links and the browser's back and forward buttons from now on. */
export function startRouter(): void {
  place.value = here();
  addEventListener('popstate', moved);
  document.addEventListener('click', followLink);
}

/**
 * Goes to an address of the console.
 * @param options.replace true leaves no entry in the browser's history
 */
export function go(href: string, options: { replace?: boolean } = {}): void {
  history[options.replace ? 'replaceState' : 'pushState'](null, '', href);
  moved();
}

/**
 * This address with other query parameters. Null or an empty text removes a parameter. A change
 * removes `cursor`, unless it names it: another filter begins at the first page.
 */
export function hrefWith(changes: Record<string, string | null>): string {
  const changed = new URLSearchParams(query.value);
  for (const [name, value] of Object.entries({ cursor: null, ...changes })) {
    if (value) changed.set(name, value);
    else changed.delete(name);
  }
  return hrefOf(path.value, changed);
}

/** An address of a path and parameters; those that are undefined, null or empty are left out. */
export function hrefTo(
  to: string,
  parameters: Record<string, string | null | undefined> = {},
): string {
  const given = Object.entries(parameters).filter(([, value]) => value) as [string, string][];
  return hrefOf(to, new URLSearchParams(given));
}

/** The values of an address's `{name}` parts; null where the path is another one. */
export function match(pattern: string, of: string): Record<string, string> | null {
  const parts = pattern.split('/');
  const given = of.split('/');
  if (parts.length !== given.length) return null;
  const values: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const value = given[index] ?? '';
    if (!part.startsWith('{')) {
      if (part !== value) return null;
    } else {
      const decoded = decode(value);
      if (decoded === null) return null;
      values[part.slice(1, -1)] = decoded;
    }
  }
  return values;
}

function hrefOf(to: string, parameters: URLSearchParams): string {
  return parameters.size === 0 ? to : `${to}?${parameters}`;
}

/** Null for broken percent-encoding and for nothing. */
function decode(part: string): string | null {
  try {
    return decodeURIComponent(part) || null;
  } catch {
    return null;
  }
}

function here(): Place {
  const { pathname, search } = window.location;
  return { path: pathname.replace(/\/+$/, '') || ROOT, query: new URLSearchParams(search) };
}

function moved(): void {
  const before = place.value.path;
  const now = here();
  place.value = now;
  if (now.path === before) return;
  navigations.value += 1;
  scrollTo(0, 0);
}

/** Leaves alone what the browser does better: new tabs, downloads, other hosts, other pages. */
function followLink(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (!link || link.target || link.hasAttribute('download')) return;
  const url = new URL(link.href);
  const isOurs = url.origin === location.origin && `${url.pathname}/`.startsWith(`${ROOT}/`);
  if (!isOurs || (url.hash && url.pathname === location.pathname)) return;
  event.preventDefault();
  go(url.pathname + url.search);
}
