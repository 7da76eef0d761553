import assert from 'node:assert/strict';
import { it } from 'node:test';
import { offlineDescription } from './offline-description.ts';
import { OPERATION_IDS } from './operation-ids.ts';

interface Operation {
  operationId?: string;
  security?: unknown[];
}

const paths = offlineDescription().paths as Record<string, Record<string, Operation>>;
const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, operation })),
);

it('every route has a name, and no name is left of a route that is gone', () => {
  assert.deepEqual(
    operations.map(({ name }) => name).sort(),
    Object.keys(OPERATION_IDS).sort(),
    'api/docs/operation-ids.ts names each route of /openapi.json',
  );
});

it('a name belongs to one route, and is a verb in camelCase', () => {
  const ids = operations.map(({ operation }) => operation.operationId ?? '');
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.match(id, /^[a-z]+([A-Z][a-z]+)*$/);
});

it('each route says whether it needs a sign-in', () => {
  for (const { name, operation } of operations) assert.ok(operation.security, name);
});
