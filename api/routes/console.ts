/**
 * `/console`: the operators' page. Every address under it is answered with the same HTML, whose
 * script shows the screen of the address. It is no part of the API's description.
 */
import { DomainError } from '../../domain/errors.ts';
import { consoleBundle } from '../console/bundle.ts';
import { type KeptBundle, keepBundle } from '../console/kept-bundle.ts';
import { unchanging } from '../http/static-answers.ts';
import { newRouter } from '../router.ts';

/** The page is cached, but checked each time; a 304 if it is the same. */
const ASK_FIRST = 'public, no-cache';
/** A year: a file's name changes with what is in it. */
const FOR_GOOD = 'public, max-age=31536000, immutable';

/** Nothing is inline and nothing comes from another host. The page's icon is a `data:` URL. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const TYPES: Record<string, string> = {
  js: 'text/javascript; charset=UTF-8',
  css: 'text/css; charset=UTF-8',
};

export interface ConsoleRouteDeps {
  /** Gives the page and its files; made at the first request unless given. */
  console?: KeptBundle | undefined;
  /** The studio's own sign-in, which the page offers by its name. */
  staffOidc?: { settings: { name: string } } | undefined;
}

export function consoleRoutes(deps: ConsoleRouteDeps = {}) {
  const bundle = deps.console ?? keepBundle(consoleBundle);
  const signInBy = deps.staffOidc?.settings.name;
  const html = unchanging(async () => withSignIn((await bundle()).page, signInBy), {
    'Content-Type': 'text/html; charset=UTF-8',
    'Content-Security-Policy': POLICY,
    'Cache-Control': ASK_FIRST,
  });
  const answers = new Map<string, ReturnType<typeof unchanging>>();
  const assetOf = async (name: string) => {
    const text = (await bundle()).assets.get(name);
    if (text === undefined) throw new DomainError('not_found', 'The page has no such file.');
    const headers = {
      'Content-Type': TYPES[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream',
      'Cache-Control': FOR_GOOD,
    };
    const answer = answers.get(name) ?? unchanging(() => text, headers);
    answers.set(name, answer);
    return answer;
  };
  return (
    newRouter()
      .get('/console', html)
      .get('/console/assets/:name', async (c) => (await assetOf(c.req.param('name')))(c))
      // Named, and not `*`: in metrics it is a route of its own.
      .get('/console/:screen{.+}', html)
  );
}

/** The page that knows the name of the studio's own sign-in. */
function withSignIn(page: string, signInBy: string | undefined): string {
  if (signInBy === undefined) return page;
  const name = signInBy.replace(/[&<"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  return page.replace('<html ', `<html data-sign-in-by="${name}" `);
}
