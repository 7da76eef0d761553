/** `/openapi.json` and its page `/docs`, served from our own files: no other host is asked. */
import { readFile } from 'node:fs/promises';
import { createRoute, z } from '@hono/zod-openapi';
import { compress } from 'hono/compress';
import { DomainError } from '../../domain/errors.ts';
import { idParam, newRouter } from '../router.ts';

const page = new URL('../docs/', import.meta.url);
const swaggerUi = new URL(import.meta.resolve('swagger-ui-dist/package.json'));

/** The only files the page asks for. */
const ASSETS = new Map<string, { url: URL; type: string }>([
  ['page.js', { url: new URL('page.js', page), type: 'text/javascript' }],
  ['swagger-ui.css', { url: new URL('swagger-ui.css', swaggerUi), type: 'text/css' }],
  [
    'swagger-ui-bundle.js',
    { url: new URL('swagger-ui-bundle.js', swaggerUi), type: 'text/javascript' },
  ],
  ['favicon-32x32.png', { url: new URL('favicon-32x32.png', swaggerUi), type: 'image/png' }],
]);

/** Swagger UI sets styles on elements and draws its icons from `data:` URLs; nothing else is inline. */
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
  middleware: [compress()],
  responses: {
    200: {
      description: 'OpenAPI 3.1',
      content: { 'application/json': { schema: z.looseObject({ openapi: z.string() }) } },
    },
  },
});

const docs = createRoute({
  method: 'get',
  path: '/docs',
  summary: 'This description as a page',
  tags,
  responses: { 200: { description: 'A page', content: { 'text/html': { schema: z.string() } } } },
});

const asset = createRoute({
  hide: true,
  method: 'get',
  path: '/docs/{name}',
  middleware: [compress()],
  request: { params: z.object({ name: idParam('name') }) },
  responses: { 200: { description: 'A file of the page' } },
});

/** @param described the whole API's description; asked for with each request, as it is made last */
export function docsRoutes(described: () => { openapi: string }) {
  return newRouter()
    .openapi(description, (c) => c.json(described(), 200))
    .openapi(docs, async (c) => {
      const html = await readFile(new URL('index.html', page), 'utf8');
      return c.html(html, 200, { 'Content-Security-Policy': POLICY });
    })
    .openapi(asset, async (c) => {
      const file = ASSETS.get(c.req.valid('param').name);
      if (!file) throw new DomainError('not_found', 'The page has no such file.');
      return c.body(new Uint8Array(await readFile(file.url)), 200, {
        'Content-Type': file.type,
        'Cache-Control': 'public, max-age=3600',
      });
    });
}
