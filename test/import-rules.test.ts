/**
 * Which folder may import which. What counts is what the runtime sees: `import type` is free, as it
 * leaves no trace, and so is everything in tests.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { allImportsOf, importsOf, isOurs, ourFiles } from './imports.ts';

/** What every process with a server or metrics uses, in whichever of its files. */
const SHARED_BY_PROCESSES = ['process/listening.ts', 'process/metrics'];

/** For each folder: what its files may import of ours (a folder or a file), and packages it is held to. */
const RULES: Record<string, { ours: string[]; packages?: RegExp }> = {
  domain: { ours: ['domain'], packages: /^temporal-polyfill$/ },
  workflows: { ours: ['domain', 'workflows'], packages: /^@temporalio\/(workflow|common)$/ },
  activities: {
    ours: ['domain', 'activities', 'workflows/contract.ts'],
    packages: /^@temporalio\/(activity|common)$/,
  },
  store: { ours: ['domain', 'store', 'tracing/spans.ts', 'tracing/mongodb.ts'] },
  providers: { ours: ['domain', 'providers', 'tracing/spans.ts'] },
  temporal: { ours: ['domain', 'temporal', 'workflows/contract.ts', 'tracing/spans.ts'] },
  // Only a process's root turns tracing on. All others know the interface alone.
  tracing: {
    ours: ['tracing'],
    packages: /^@opentelemetry\/(api|sdk-trace|resources|exporter-.*)$/,
  },
  api: {
    ours: [
      'domain',
      'store',
      'temporal',
      'workflows/contract.ts',
      'providers/webhook-signature.ts',
      // Only its root, to ask what a condition asks; rewards are given by the worker alone.
      'providers/index.ts',
      'providers/call-metrics.ts',
      ...SHARED_BY_PROCESSES,
      'tracing/spans.ts',
      'tracing/traceparent.ts',
      'api',
    ],
  },
  // Runs in browsers: of ours it knows the API's description alone, through the client.
  console: {
    ours: ['console', 'client/index.ts'],
    packages: /^(preact(\/hooks)?|@preact\/signals|es-hangul|uplot|lean-qr)$/,
  },
  // A package of its own; only its generator, which runs on our machines, reads the routes.
  client: {
    ours: ['client', 'api/docs/offline-description.ts'],
    packages: /^openapi-(fetch|typescript)$/,
  },
  worker: {
    // The sign of life goes with the workers, whichever root runs them.
    ours: [
      'domain',
      'store',
      'providers',
      'temporal',
      'activities',
      'workflows',
      'worker',
      'tracing/spans.ts',
      'tracing/claim-trace.ts',
      'process/heartbeat.ts',
      ...SHARED_BY_PROCESSES,
    ],
  },
  streams: {
    ours: [
      'domain',
      'store',
      'temporal',
      'workflows/contract.ts',
      'streams',
      ...SHARED_BY_PROCESSES,
    ],
  },
  'ops/migrate': { ours: ['store', 'ops/migrate'] },
  process: { ours: ['process', 'domain', 'store/text-shape.ts', 'store/mongodb/connection.ts'] },
  local: {
    ours: [
      'local',
      'process/config.ts',
      'api/server/own-url.ts',
      'api/server/draining.ts',
      'process/shutdown.ts',
      'domain/errors.ts',
    ],
  },
  'lab/demo': { ours: ['lab/demo', 'local/stack-file.ts', 'client/index.ts'] },
  ops: { ours: ['ops', 'domain/errors.ts', 'store', 'local/stack-file.ts'] },
  // Independent of the rules that they check: what they know of the product they see from outside.
  'lab/chaos': {
    ours: ['lab/chaos', 'domain', 'local', 'store', 'temporal', 'test', 'workflows/contract.ts'],
  },
  'lab/model': {
    ours: ['lab/model', 'client/index.ts', 'local', 'store', 'temporal/workflow-id.ts', 'test'],
  },
};

/** Only a process's own root reads the environment, and decides how the process ends. */
const ROOTS = ['api/root.ts', 'worker/root.ts', 'streams/root.ts', 'ops/migrate/root.ts'];
const FOR_ROOTS = [
  'process/heartbeat.ts',
  'process/config.ts',
  'process/fatal.ts',
  'process/log-output.ts',
  'process/shutdown.ts',
  'tracing/start.ts',
];

/** An entry point heeds signals before it loads anything else, so it may import nothing but that. */
const ENTRY_POINTS = [
  'api/main.ts',
  'worker/main.ts',
  'streams/main.ts',
  'local/start.ts',
  'ops/migrate/main.ts',
];

function isTest(file: string): boolean {
  const name = path.basename(file);
  return name.endsWith('.test.ts') || name.startsWith('test-');
}

function isAllowed(file: string, target: string, rule: (typeof RULES)[string]): boolean {
  if (target.startsWith('node:')) return true;
  if (!isOurs(target)) return rule.packages?.test(target) ?? true;
  if (ENTRY_POINTS.includes(file))
    return /^process\/shutdown\.ts$|\/(root|run-stack)\.ts$/.test(target);
  if (FOR_ROOTS.includes(target) && ROOTS.includes(file)) return true;
  return rule.ours.some((own) => target === own || target.startsWith(`${own}/`));
}

for (const [folder, rule] of Object.entries(RULES)) {
  test(`${folder}/ imports only what it may`, () => {
    const files = ourFiles(`${folder}/**/*.{ts,tsx}`).filter((f) => !isTest(f));
    assert.notEqual(files.length, 0, `${folder}/ has no files`);
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter((target) => !isAllowed(file, target, rule))
        .map((target) => `${file} imports ${target}`),
    );
    assert.deepEqual(wrong, []);
  });
}

test('every folder with code has a rule', () => {
  const ruled = [...Object.keys(RULES), 'test', 'deploy', 'lab/bench'];
  assert.deepEqual(
    ourFiles().filter(
      (file) => !isTest(file) && !ruled.some((folder) => file.startsWith(`${folder}/`)),
    ),
    [],
  );
});

test('no file imports itself by way of others, not even for a type', () => {
  const files = ourFiles();
  const imports = new Map(files.map((file) => [file, allImportsOf(file)]));
  const done = new Set<string>();
  const circles: string[] = [];
  function visit(file: string, way: string[]): void {
    if (way.includes(file)) circles.push([...way.slice(way.indexOf(file)), file].join(' > '));
    if (way.includes(file) || done.has(file)) return;
    for (const target of imports.get(file) ?? []) visit(target, [...way, file]);
    done.add(file);
  }
  for (const file of files) visit(file, []);
  assert.deepEqual(circles, []);
});
