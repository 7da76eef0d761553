/**
 * What comments and documents name is there: files, links and their anchors, rules, decisions,
 * scripts. A reader who follows a reference must arrive.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { CLAIM_STATES, REASONS, STEPS } from '../domain/claims/claim.ts';
import { ERROR_CODES } from '../domain/errors.ts';
import {
  anchorsOf,
  commentsOf,
  type Foreign,
  faultsOf,
  filesNamedIn,
  isRead,
  linksIn,
  rulesCitedIn,
  rulesIn,
  type Tree,
} from './document-references.ts';

const ROOT = path.dirname(import.meta.dirname);

/** Files of other projects that ours name: what was read there. Ours are never listed here. */
const FOREIGN: Foreign = {
  'deploy/README.md': [
    'kafka-features.sh',
    'postgres/content.md',
    'mongo/content.md',
    'docker-entrypoint.sh',
    'compose/scripts/setup-postgres.sh',
    'create-namespace.sh',
    'docker/scripts/sh/entrypoint.sh',
    'compose/docker-compose-postgres.yml',
    'docker/examples/README.md',
    'docs/BestPractices.md',
    'packaging/docker/run.sh',
  ],
  'docs/decisions/0016-embedded-kafka.md': ['kafka-broker-api-versions.sh'],
  'providers/webhook-signature.ts': ['spec/standard-webhooks.md'],
};

/** Not ours, made by running, or recorded history. */
const LEFT_OUT = ['node_modules', '.git', '.data', 'dist', 'fixtures'];

function repository(): Tree {
  const entries = globSync('{*,.*,**/*}', {
    cwd: ROOT,
    withFileTypes: true,
    exclude: ({ name }) => LEFT_OUT.includes(name),
  });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => path.relative(ROOT, path.join(parentPath, name)));
  const textOf = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');
  return new Map(files.map((file) => [file, isRead(file) ? textOf(file) : '']));
}

/** A small repository in which all is well, but for what is put into it. */
function repositoryWith(changed: Record<string, string>): Tree {
  return new Map(
    Object.entries({
      'package.json': '{"scripts": {"start": "node a.ts"}}',
      'README.md': '[a](docs/architecture.md) [d](docs/decisions/README.md)',
      'docs/architecture.md':
        '# A\n## How a claim stays exactly-once\n1. One.\n2. Two.\n## Five queues, and why\n3. No rule.\n',
      'docs/decisions/README.md': '[0001](0001-folders.md), and 0002 was never used',
      'docs/decisions/0001-folders.md': '# 0001: Folders',
      'store/stock/stock.ts': '',
      ...changed,
    }),
  );
}

describe('the repository', () => {
  const tree = repository();

  it('has everything that a comment or a document names', () => {
    assert.deepEqual(faultsOf(tree, FOREIGN), []);
  });

  it('names no foreign file that it does not need to', () => {
    const named = new Set(faultsOf(tree).map((fault) => fault.replace(/^(.*?):\d+ /, '$1 ')));
    for (const [file, names] of Object.entries(FOREIGN)) {
      for (const name of names) {
        const message = `${file} names ${name}, which is not there`;
        assert.ok(named.has(message), `${name} of ${file} need not be listed`);
      }
    }
  });

  it('has a happy path of 25 files at most, from a claim’s route to its answer', () => {
    const architecture = tree.get('docs/architecture.md') ?? '';
    const [, section = ''] = architecture.split('### The happy path, file by file\n');
    const [list = ''] = section.split('\nNot counted');
    const files = new Set(filesNamedIn(list).map(({ name }) => name));
    assert.ok(files.size > 10 && files.size <= 25, `it has ${files.size}`);
  });

  it('explains every code, state, step and reason', () => {
    const contract = tree.get('docs/contract.md') ?? '';
    const product = tree.get('docs/product.md') ?? '';
    assert.deepEqual(
      ERROR_CODES.filter((code) => !contract.includes(`\`${code}\``)),
      [],
    );
    assert.deepEqual(
      [...CLAIM_STATES, ...STEPS, ...REASONS].filter((word) => !product.includes(`\`${word}\``)),
      [],
    );
  });
});

describe('what is named and is not there is told by its line', () => {
  const cases: [what: string, changed: Record<string, string>, faults: string[]][] = [
    ['nothing, where all is well', {}, []],
    [
      'a file in a comment',
      { 'api/app.ts': "const a = 1; // as in 'x.ts'\n/** See `store/stock.ts`. */" },
      [
        'api/app.ts:1 names x.ts, which is not there',
        'api/app.ts:2 names store/stock.ts, which is not there',
      ],
    ],
    ['but not one in a string', { 'api/app.ts': "read('there/is/no.ts'); `// no.ts`" }, []],
    [
      'nor one that is named from the root, from beside it, or by its bare name',
      { 'store/stock/a.ts': '// stock.ts, store/stock/stock.ts', 'api/b.ts': '// stock.ts' },
      [],
    ],
    [
      'a document by its bare name, as several may have it',
      { 'api/app.ts': '/** The promise of `architecture.md`. */' },
      ['api/app.ts:1 names architecture.md, which is not there'],
    ],
    [
      'a file in a document, also in its code',
      { 'deploy/README.md': '\n```sh\nnode deploy/make.ts\n```' },
      ['deploy/README.md:3 names deploy/make.ts, which is not there'],
    ],
    [
      'a file in a script’s comment',
      { 'a.yml': 'run: b.sh\n# see c.sh' },
      ['a.yml:2 names c.sh, which is not there'],
    ],
    [
      'a link',
      { 'deploy/README.md': '[x](../docs/none.md)' },
      [
        'deploy/README.md:1 names ../docs/none.md, which is not there',
        'deploy/README.md:1 links to ../docs/none.md, which is not there',
      ],
    ],
    [
      'a link’s anchor, in another document or the same',
      { 'deploy/README.md': '# Here\n[x](../docs/architecture.md#six) [y](#here) [z](#there)' },
      [
        'deploy/README.md:2 links to ../docs/architecture.md#six, and docs/architecture.md has no such heading',
        'deploy/README.md:2 links to #there, and deploy/README.md has no such heading',
      ],
    ],
    [
      'a rule',
      {
        'test/a.test.ts': '/** Late writes (rules 1, 2 and 3). Rule 4 of docs/architecture.md. */',
      },
      [
        'test/a.test.ts:1 cites rule 3, which docs/architecture.md does not have',
        'test/a.test.ts:1 cites rule 4, which docs/architecture.md does not have',
      ],
    ],
    [
      'a decision',
      { 'api/app.ts': '// See decision 0001 and decisions 0001 and 0007.' },
      ['api/app.ts:1 cites decision 0007, which is not there'],
    ],
    [
      'a script',
      { 'api/app.ts': '// `npm run start`, `npm run audit:verify`' },
      ['api/app.ts:1 names npm run audit:verify, which package.json does not have'],
    ],
    [
      'a decision that the index leaves out, a gap that it does not explain, a wrong number',
      { 'docs/decisions/0004-four.md': '# 0005: Four' },
      [
        'docs/decisions/README.md does not name 0003',
        'docs/decisions/README.md does not name docs/decisions/0004-four.md',
        'docs/decisions/0004-four.md does not begin with its number',
      ],
    ],
    [
      'a document that README.md does not link',
      { 'docs/secret.md': '' },
      ['README.md does not link docs/secret.md'],
    ],
  ];
  for (const [what, changed, faults] of cases) {
    it(what, () => assert.deepEqual(faultsOf(repositoryWith(changed)), faults));
  }
});

describe('references', () => {
  it('are read in comments, and these keep their lines', () => {
    const code =
      "const url = 'http://x'; // one\nconst re = /[^/]*/;\n/* two\n three */ f(`// no`);";
    assert.deepEqual(
      commentsOf(code)
        .split('\n')
        .map((line) => line.trim()),
      ['// one', '', '/* two', 'three */'],
    );
  });

  it('to files are paths, and neither patterns nor parts of URLs', () => {
    const names = (text: string) => filesNamedIn(text).map(({ name }) => name);
    assert.deepEqual(names('`a/b.ts`, c.test.ts. (d/README.md)'), [
      'a/b.ts',
      'c.test.ts',
      'd/README.md',
    ]);
    assert.deepEqual(
      names('**/*.test.ts {version}/a.ts github.com/x/y.md npm:z@1/a.ts a/NAME.ts'),
      [],
    );
  });

  it('to headings are made as GitHub makes them', () => {
    const anchors = anchorsOf('# A `b:c` (d_e)\n## Same\n## Same\n```\n# no\n```\n### It’s, é');
    assert.deepEqual([...anchors], ['a-bc-d_e', 'same', 'same-1', 'its-é']);
  });

  it('by links leave out other hosts and code', () => {
    const links = linksIn('[a](b.md) [c](https://d.e/f.md) [g](mailto:h)\n```\n[i](j.md)\n```');
    assert.deepEqual(links, [{ name: 'b.md', line: 1 }]);
  });

  it('to rules are numbers of the one section', () => {
    assert.deepEqual([...rulesIn(repositoryWith({}).get('docs/architecture.md') ?? '')], [1, 2]);
    const cited = rulesCitedIn(
      'Rule 5 of docs/x.md\n(rules 2, 6, and 7), rules 1 to 3, two rules 2x',
    );
    assert.deepEqual(
      cited.map(({ rule }) => rule),
      [5, 2, 6, 7, 1, 3],
    );
  });
});
