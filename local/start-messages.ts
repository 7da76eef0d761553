/** The texts of `npm start`: its usage, and what it prints once the stack is ready. */
import type { StackFile } from './stack-file.ts';

export const USAGE = `Usage: npm start
       npm run dev    the same, and restarts each process whose code changes

Runs Laurel and all it needs on this machine: MongoDB, Temporal with its Web UI, a simulator of a
game's servers, the API and the worker. Ctrl-C stops it; the next start goes on where it stood.

Environment:
  PORT, HOST          where the API listens (3000 on 0.0.0.0); PORT=0 takes any free port
  METRICS_PORT        where the API shows its metrics (any free port, as worker and streams do)
  DATA_DIR            where data, logs, keys and stack.json are kept (.data)
  LOG_LEVEL           of API and worker (info)
  ADMIN_USERNAME, ADMIN_PASSWORD
                      the first admin (admin, and a password made at the first start)
  MONGODB_URI         a replica set to use instead of an own mongod
  MONGOD_BINARY       the mongod to run (6.0 or newer); else PATH, the cache, an install
  MONGOD_PORT         its port (any free one)
  TEMPORAL_ADDRESS    a Temporal server to use instead of an own one
  TEMPORAL_CLI        Temporal's CLI to run (1.5 or newer); else PATH, the cache, an install
  TEMPORAL_PORT, TEMPORAL_UI_PORT
                      its ports (any free ones)
  EMBEDDED_KAFKA      1 runs a Kafka broker too (0); it needs Java 17
  KAFKA_BROKERS       brokers to use instead of an own one, with commas between them
  KAFKA_PREFIX        what topics and groups begin with, where brokers are shared (nothing)
  KAFKA_HOME          the folder of the Kafka to run (4.1 or newer); else PATH, the cache, an install
  KAFKA_PORT          its port (any free one)
  JAVA_HOME           the Java for it; else PATH
  PROVIDERS           fulfillment providers as JSON, instead of the simulator
  XDG_CACHE_HOME      installed binaries are kept in its folder laurel (~/.cache)
  NO_COLOR            no colours

README.md has the table of all settings.
`;

/** Makes a text bold, or returns it as it is. */
type Bold = (text: string) => string;

/** Bold on a terminal, unless `NO_COLOR` is set (https://no-color.org). */
export function boldFor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): Bold {
  const plain = stream.isTTY !== true || (env.NO_COLOR ?? '') !== '';
  return plain ? (text) => text : (text) => `\x1b[1m${text}\x1b[0m`;
}

/** Addresses, the admin's credentials, and a first call to copy. */
export function readyText(stack: StackFile, dataDir: string, bold: Bold): string {
  const { api, worker, streams, temporal, kafka, admin } = stack;
  const metrics = Object.entries({ api, worker, streams }).flatMap(([name, of]) =>
    of ? [`${of.metricsUrl} (${name})`] : [],
  );
  const rows: [string, string | undefined][] = [
    ['Console', `${api.url}/console`],
    ['API', api.url],
    ['API docs', `${api.url}/docs`],
    ['Temporal Web UI', temporal.uiUrl],
    ['Kafka', kafka?.brokers.join(', ')],
    ['Metrics', metrics.join(', ')],
    ['Admin', `${admin.username} / ${admin.password}`],
    ['Data and logs', dataDir],
  ];
  const table = rows
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `  ${name.padEnd(17)}${bold(value ?? '')}`);
  return [
    '',
    bold('Laurel is ready.'),
    '',
    ...table,
    '',
    'Try it in another terminal:',
    '',
    ...firstCall(stack),
    '',
    'Ctrl-C stops it; the next npm start goes on where it stood.',
    '',
  ].join('\n');
}

function firstCall({ api, admin }: StackFile): string[] {
  const body = shellQuoted(JSON.stringify(admin));
  return [
    `  TOKEN=$(curl -s ${api.url}/api/auth/login -H 'content-type: application/json' \\`,
    `    -d ${body} | sed 's/.*"accessToken":"\\([^"]*\\)".*/\\1/')`,
    `  curl -s ${api.url}/api/auth/profile -H "authorization: Bearer $TOKEN"`,
  ];
}

/** Quotes a text as one word for a POSIX shell. */
function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
