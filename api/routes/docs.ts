/** `/openapi.json`, and the page `/docs` that shows it. No other host is asked for a file. */
import { readFile } from 'node:fs/promises';
import { createRoute, z } from '@hono/zod-openapi';
import { DomainError } from '../../domain/errors.ts';
import { NOT_CHANGED, unchanging } from '../http/static-answers.ts';
import { idParam, newRouter } from '../router.ts';

const page = new URL('../docs/', import.meta.url);
const swaggerUi = new URL(import.meta.resolve('swagger-ui-dist/package.json'));

/** For the files of the page: they change only with a release. */
const WEEK = 'public, max-age=604800';
/** For the page itself: cached, but checked each time; a 304 if it is the same. */
const ASK_FIRST = 'public, no-cache';

const asset = (url: URL, type: string) =>
  unchanging(() => readFile(url), { 'Content-Type': type, 'Cache-Control': WEEK });

/** The only files the page asks for. */
const ASSETS = new Map([
  ['page.js', asset(new URL('page.js', page), 'text/javascript')],
  ['swagger-ui.css', asset(new URL('swagger-ui.css', swaggerUi), 'text/css')],
  ['swagger-ui-bundle.js', asset(new URL('swagger-ui-bundle.js', swaggerUi), 'text/javascript')],
  ['favicon-32x32.png', asset(new URL('favicon-32x32.png', swaggerUi), 'image/png')],
]);

/** Swagger UI sets inline styles and loads its icons from `data:` URLs; nothing else is inline. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const tags = ['Operation'];

const description = createRoute({
  method: 'get',
  path: '/openapi.json',
  summary: 'This description',
  tags,
  responses: {
    200: {
      description: 'OpenAPI 3.1',
      content: { 'application/json': { schema: z.looseObject({ openapi: z.string() }) } },
    },
    ...NOT_CHANGED,
  },
});

const docs = createRoute({
  method: 'get',
  path: '/docs',
  summary: 'This description as a page',
  tags,
  responses: {
    200: { description: 'A page', content: { 'text/html': { schema: z.string() } } },
    ...NOT_CHANGED,
  },
});

const file = createRoute({
  hide: true,
  method: 'get',
  path: '/docs/{name}',
  request: { params: z.object({ name: idParam('name') }) },
  responses: { 200: { description: 'A file of the page' } },
});

/** @param described gives the OpenAPI document, which is made last; called at the first request */
export function docsRoutes(described: () => { openapi: string }) {
  const json = unchanging(() => JSON.stringify(described()), {
    'Content-Type': 'application/json',
    'Cache-Control': ASK_FIRST,
  });
  const html = unchanging(() => readFile(new URL('index.html', page)), {
    'Content-Type': 'text/html; charset=UTF-8',
    'Content-Security-Policy': POLICY,
    'Cache-Control': ASK_FIRST,
  });
  return newRouter()
    .openapi(description, json)
    .openapi(docs, html)
    .openapi(file, async (c) => {
      const answer = ASSETS.get(c.req.valid('param').name);
      if (!answer) throw new DomainError('not_found', 'The page has no such file.');
      return await answer(c);
    });
}
