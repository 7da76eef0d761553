/** The router of the API, whose validation failures are problems; helpers for descriptions. */
import { OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi';
import { DomainError, type FieldError } from '../domain/errors.ts';
import type { ApiEnv } from './api-env.ts';
import { knownQuery } from './http/query-checks.ts';
import { problems } from './problem.ts';

/** How many mistakes one answer names. */
const MAX_FIELD_ERRORS = 50;

/**
 * A router for one resource. A request that does not fit its route's description is refused before
 * the handler; so is a query parameter that the route does not name.
 */
export function newRouter(): OpenAPIHono<ApiEnv> {
  const router = new OpenAPIHono<ApiEnv>({
    defaultHook: (result, c) => {
      // Without a content type the validator gets an empty object instead of the missing body.
      if (result.target === 'json' && c.req.header('content-type') === undefined) throw noBody();
      if (!result.success) throw refusalOf(result.target, result.error.issues);
    },
  });
  const { openapi } = router;
  router.openapi = ((route, ...rest) => openapi(withKnownQuery(route), ...rest)) as typeof openapi;
  return router;
}

/** The route with a check of its query after its guards, and that refusal in its description. */
function withKnownQuery<R extends RouteConfig>(route: R): R {
  const { middleware = [], responses, request } = route;
  const known = request?.query instanceof z.ZodObject ? Object.keys(request.query.shape) : [];
  const { 400: refusal } = problems('invalid_request');
  return {
    ...route,
    middleware: [middleware, knownQuery(known)].flat(),
    responses: { 400: refusal, ...responses },
  };
}

/** An ID in a path. It has no format to check: an ID of nothing is simply not found. */
export function idParam(name: string) {
  return z.string().openapi({ param: { name, in: 'path', required: true } });
}

/** A route's JSON response. */
export function json<S extends z.ZodType>(schema: S, description: string) {
  return { description, content: { 'application/json': { schema } } };
}

/** A route's JSON body, required. Give it a `z.strictObject`: unknown fields are refused. */
export function jsonBody<S extends z.ZodType>(schema: S) {
  return { required: true as const, content: { 'application/json': { schema } } };
}

/** A route's optional JSON body; `{}` if it is left out, with or without a content type. */
export function optionalJsonBody<S extends z.ZodType>(schema: S) {
  return { required: false as const, content: { 'application/json': { schema } } };
}

function noBody(): DomainError {
  return new DomainError('invalid_request', 'This request needs a JSON body.', {
    errors: [{ pointer: '', message: 'There is no body' }],
  });
}

type Issue = z.core.$ZodIssue;

function refusalOf(target: string, issues: readonly Issue[]): DomainError {
  if (target === 'param') return new DomainError('not_found', 'There is nothing with this ID.');
  if (target === 'json') {
    return new DomainError('invalid_request', 'The body does not fit. See `errors`.', {
      errors: issues.flatMap(fieldErrors).slice(0, MAX_FIELD_ERRORS),
    });
  }
  const what = issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  return new DomainError('invalid_request', `The ${target} does not fit. ${what}`);
}

/** Each unknown field is reported at its own place, not at the object that holds it. */
function fieldErrors(issue: Issue): FieldError[] {
  if (issue.code !== 'unrecognized_keys') {
    return [{ pointer: pointerTo(issue.path), message: issue.message }];
  }
  return issue.keys.map((key) => ({
    pointer: pointerTo([...issue.path, key]),
    message: 'This field is not known',
  }));
}

/** RFC 6901, section 3: `~` and `/` are escaped in a reference token. */
function pointerTo(path: readonly PropertyKey[]): string {
  return path
    .map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}
