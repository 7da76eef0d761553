/** Checks of every query, before its schema: a filter that is ignored would widen the answer. */
import type { MiddlewareHandler } from 'hono';
import { DomainError } from '../../domain/errors.ts';
import type { ApiEnv } from '../api-env.ts';

/**
 * Middleware that refuses, with `invalid_request`, a parameter that the route does not know, is
 * given more than once, or is empty. It comes after the guards, so that 401 and 403 go first.
 * @param known the names of the route's parameters
 */
export function knownQuery(known: readonly string[]): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const { url } = c.req;
    const start = url.indexOf('?');
    const sent = new URLSearchParams(start < 0 ? '' : url.slice(start));
    const wrong = [...new Set(sent.keys())].flatMap((name) => {
      const values = sent.getAll(name);
      if (!known.includes(name)) return [`\`${name}\` is not known here`];
      if (values.length > 1) return [`\`${name}\` is given more than once`];
      return values[0] === '' ? [`\`${name}\` is empty`] : [];
    });
    if (wrong.length === 0) return await next();
    throw new DomainError('invalid_request', `The query does not fit: ${wrong.join('; ')}.`);
  };
}

type Routes = Record<string, Record<string, { parameters?: unknown[] }>>;

/** Says of every query parameter in an OpenAPI document that it is not empty. */
export function describeQueries({ paths = {} }: { paths?: object | undefined }): void {
  const routes = Object.values(paths as Routes).flatMap((path) => Object.values(path));
  for (const parameter of routes.flatMap(({ parameters = [] }) => parameters)) {
    const { in: where, schema } = parameter as { in?: string; schema?: Record<string, unknown> };
    if (where === 'query' && schema?.type === 'string' && !schema.enum) schema.minLength ??= 1;
  }
}
