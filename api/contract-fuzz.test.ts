/** Requests made from `/openapi.json`, sent to the application: the document must be true. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import type { Role } from '../domain/user.ts';
import { type TestApp, testApp } from './test-app.ts';

type Schema = Record<string, unknown>;

interface Parameter {
  name: string;
  in: 'query' | 'header' | 'path';
  required?: boolean;
  schema: Schema;
}

type Content = Record<string, { schema: Schema }>;

interface Route {
  parameters?: Parameter[];
  requestBody?: { required?: boolean; content: Content };
  responses: Record<string, { content?: Content }>;
}

interface Description {
  paths: Record<string, Record<string, Route>>;
  components: { schemas: Record<string, Schema> };
}

/** Together they may call every route. */
const CALLERS: Role[] = ['ADMIN', 'PLAYER', 'GAME_SERVER'];

/** Requests of each caller to each route. */
const REQUESTS = 3;

/** The depth at which recursive schemas end. */
const DEEPEST = 4;

let t: TestApp;
let description: Description;
const tokens = new Map<Role, string>();
before(async () => {
  t = await testApp();
  description = (await t.call<Description>('GET', '/openapi.json')).body;
  for (const role of CALLERS) tokens.set(role, (await t.signIn(role)).accessToken);
});
after(() => t.close());

const ajv = new Ajv2020({ strict: false });
(addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
const compiled = new Map<object, ValidateFunction>();

function validatorOf(schema: Schema): ValidateFunction {
  const { components } = description;
  const found = compiled.get(schema) ?? ajv.compile({ components, ...schema });
  compiled.set(schema, found);
  return found;
}

function resolved(schema: Schema): Schema {
  const name = /^#\/components\/schemas\/(.*)$/.exec(String(schema.$ref))?.[1];
  return name === undefined ? schema : (description.components.schemas[name] ?? {});
}

interface ArraySchema {
  items?: Schema;
  minItems?: number;
  uniqueItems?: boolean;
}

/** Values that fit a schema. */
function valuesOf(given: Schema, depth = 0): fc.Arbitrary<unknown> {
  const schema = resolved(given);
  const { type, enum: values, const: only, anyOf, oneOf, allOf, pattern } = schema;
  if (only !== undefined) return fc.constant(only);
  if (Array.isArray(values)) return fc.constantFrom(...values);
  const choices = (anyOf ?? (schema.properties ? undefined : oneOf)) as Schema[] | undefined;
  if (choices) {
    // The first is the simplest one, and a recursive schema ends with it.
    const open = depth < DEEPEST ? choices : choices.slice(0, 1);
    return fc.oneof(...open.map((choice) => valuesOf(choice, depth + 1)));
  }
  if (Array.isArray(allOf)) return valuesOf(allOf[0] as Schema, depth);
  const kind = Array.isArray(type) ? type.find((one) => one !== 'null') : type;
  switch (kind) {
    case 'object':
      return objectsOf(schema, depth);
    case 'array': {
      const { items = {}, minItems = 0, uniqueItems = false } = schema as ArraySchema;
      const length = { minLength: minItems, maxLength: minItems + 2 };
      const one = valuesOf(items, depth + 1);
      return uniqueItems ? fc.uniqueArray(one, length) : fc.array(one, length);
    }
    case 'integer':
      return fc.integer(boundsOf(schema));
    case 'number':
      return fc.integer(boundsOf(schema));
    case 'boolean':
      return fc.boolean();
    case 'string':
      return textsOf(schema, pattern as string | undefined);
    default:
      return fc.constant(null);
  }
}

const boundsOf = ({ minimum = -5, maximum = 1_000 }: Schema) => ({
  min: Number(minimum),
  max: Math.min(Number(maximum), Number(minimum) + 1_000),
});

function textsOf({ format, minLength = 0, maxLength = 40 }: Schema, pattern?: string) {
  if (format === 'date-time') {
    const max = new Date('2099-01-01');
    const dates = fc.date({ min: new Date(0), max, noInvalidDate: true });
    return dates.map((date) => date.toISOString());
  }
  if (format === 'uri') return fc.webUrl();
  const length = { minLength: Number(minLength), maxLength: Math.min(Number(maxLength), 40) };
  const texts = fc.oneof(
    fc.string({ ...length, unit: 'binary' }),
    fc.string({ ...length, unit: fc.constantFrom(...'abcxyz019_-') }),
  );
  if (pattern === undefined) return texts;
  const fits = new RegExp(pattern, 'u');
  // A pattern that most texts fit is met by chance; for the others there is a text that fits.
  const { maxLength: most } = length;
  return pattern.startsWith('^[^')
    ? texts.filter((text) => fits.test(text))
    : fc.stringMatching(fits, { size: 'xsmall' }).filter((text) => text.length <= most);
}

function objectsOf(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  const properties = (schema.properties ?? {}) as Record<string, Schema>;
  const required = new Set(schema.required as string[] | undefined);
  const alternatives = (schema.oneOf ?? []) as { required?: string[] }[];
  const all = Object.fromEntries(
    Object.entries(properties).map(([name, of]) => [name, valuesOf(of, depth + 1)]),
  );
  const needed = (more: string[]) => {
    const excluded = alternatives.flatMap((one) => one.required ?? []);
    const kept = Object.entries(all).filter(
      ([name]) => more.includes(name) || !excluded.includes(name),
    );
    const requiredKeys = [...required, ...more].filter((name) => name in all);
    return fc.record(Object.fromEntries(kept), { requiredKeys });
  };
  return alternatives.length === 0
    ? needed([])
    : fc.oneof(...alternatives.map((one) => needed(one.required ?? [])));
}

interface Sent {
  path: string;
  headers: Record<string, string>;
  body: unknown;
  /** Whether it fits in the ways that the document cannot describe. */
  isSure: boolean;
}

/** Requests that fit a route's description. */
function requestsOf(path: string, { parameters = [], requestBody }: Route): fc.Arbitrary<Sent> {
  const one = ({ schema, required }: Parameter) =>
    required ? valuesOf(schema) : fc.option(valuesOf(schema));
  const sent = fc.tuple(...parameters.map(one));
  const json = requestBody?.content['application/json']?.schema;
  const body = json ? valuesOf(json) : fc.constant(undefined);
  return fc.tuple(sent, body).map(([values, content]) => {
    // Staff must name a player there, and players must not name another.
    const isSure = !path.endsWith('/eligibility');
    const request: Sent = { path, headers: {}, body: content, isSure };
    const query = new URLSearchParams();
    for (const [i, { name, in: where }] of parameters.entries()) {
      const value = values[i];
      if (value === null || value === undefined) continue;
      const text = String(value);
      if (where === 'path') {
        request.path = request.path.replace(`{${name}}`, encodeURIComponent(text.toWellFormed()));
      } else if (where === 'query') {
        query.set(name, text);
        // A cursor is opaque, and `from` must not be later than `to`.
        request.isSure &&= name !== 'cursor' && !(name === 'to' && query.has('from'));
      } else if (/^[!-~](?:[ -~]*[!-~])?$/.test(text)) {
        request.headers[name] = text;
      }
    }
    if (query.size > 0) request.path += `?${query}`;
    return request;
  });
}

/** Streams and waits end by themselves only with a claim, and here is none. */
const MEDIA_TYPES = ['application/json', 'application/problem+json'];

describe('a request that fits the description', () => {
  it('gets an answer that the description has, whoever sends it', async () => {
    let answers = 0;
    for (const [path, methods] of Object.entries(description.paths)) {
      for (const [method, route] of Object.entries(methods)) {
        const requests = requestsOf(path, route);
        for (const role of CALLERS) {
          await fc.assert(
            fc.asyncProperty(requests, async (request) => {
              await assertDescribed(method.toUpperCase(), route, request, tokens.get(role) ?? '');
              answers += 1;
            }),
            { numRuns: REQUESTS, endOnFailure: true },
          );
        }
      }
    }
    assert.ok(answers > 250, `${answers} answers were looked at`);
  });
});

/** The answer's body; of a stream that does not end by itself, its first part. */
async function textOf(response: Response): Promise<string> {
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
    return await response.text();
  }
  const reader = response.body?.getReader();
  const first = await reader?.read();
  await reader?.cancel();
  return new TextDecoder().decode(first?.value);
}

async function assertDescribed(method: string, route: Route, sent: Sent, token: string) {
  const { path, headers, body } = sent;
  const response = await t.app.request(path, {
    method,
    headers: {
      ...headers,
      authorization: `Bearer ${token}`,
      'sec-fetch-site': 'same-origin',
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await textOf(response);
  const what = `${method} ${path} ${JSON.stringify(body)} → ${response.status} ${text}`;
  assert.ok(response.status < 500, what);
  const described = route.responses[response.status];
  assert.ok(described, what);
  assert.ok(response.headers.get('x-request-id'), what);
  if (method === 'GET') assert.ok(response.status !== 400 || !sent.isSure, what);
  const type = (response.headers.get('content-type') ?? '').split(';')[0] ?? '';
  if (!described.content) return assert.equal(text, '', what);
  const schema = described.content[type]?.schema;
  assert.ok(schema, `${type}: ${what}`);
  if (!MEDIA_TYPES.includes(type)) return;
  const validate = validatorOf(schema);
  assert.ok(validate(JSON.parse(text)), `${JSON.stringify(validate.errors)}: ${what}`);
}
