/**
 * The page's address as a signal. Links are plain `href`s: a click on one inside the console changes
 * the address without loading the page again. Query parameters are the lists' filters and cursors.
 */
import { computed, signal } from '@preact/signals';
import { askBefore, hasUnsaved } from './unsaved.ts';

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

/** The current entry's place in the browser's history; each entry keeps its own in its state. */
let index = 0;
/** Whether the viewer has agreed to lose what is not saved, and the browser is on its way. */
let mayLeave = false;

/** Follows links and the browser's back and forward buttons from now on. */
export function startRouter(): void {
  place.value = here();
  index = keptIndex() ?? 0;
  history.replaceState({ index }, '');
  addEventListener('popstate', popped);
  document.addEventListener('click', followLink);
}

/**
 * Goes to an address of the console. Asks first where another screen would lose what is typed.
 * @param options.replace true leaves no entry in the browser's history
 * @param options.isSaved true asks nothing: what was typed is saved
 */
export function go(href: string, options: { replace?: boolean; isSaved?: boolean } = {}): void {
  const move = () => {
    if (!options.replace) index += 1;
    history[options.replace ? 'replaceState' : 'pushState']({ index }, '', href);
    moved();
  };
  const isSameScreen = new URL(href, location.href).pathname === location.pathname;
  if (options.isSaved || isSameScreen) move();
  else askBefore(move);
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

function keptIndex(): number | undefined {
  return (history.state as { index?: number } | null)?.index;
}

/**
 * The browser has gone to another entry of its history. Nothing can keep it there, so it is sent back
 * while the viewer is asked.
 */
function popped(): void {
  // An entry that the browser made itself, for a link within the page, is a new one.
  const to = keptIndex() ?? index + 1;
  const by = to - index;
  if (here().path !== place.value.path && hasUnsaved() && !mayLeave) {
    history.go(-by);
    askBefore(() => {
      mayLeave = true;
      history.go(by);
    });
    return;
  }
  mayLeave = false;
  index = to;
  if (keptIndex() === undefined) history.replaceState({ index }, '');
  moved();
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
