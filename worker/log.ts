/** Writes Temporal's log lines and ours as one stream of JSON. */
import { DefaultLogger, type MetricsExporterConfig, Runtime } from '@temporalio/worker';
import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino';

/** Pino's level for each level of the SDK. */
const LEVELS = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
} as const;

/** The SDK warns so about every worker that serves only a part. Ours do so on purpose. */
const EXPECTED = /^No (workflows|activities|Nexus services) registered/;

/**
 * Makes the process's logger, and installs the SDK's runtime with it: the SDK and its native core
 * write to it too.
 * @param metrics exports the core's metrics; without it there are none
 */
export function installLogger(
  { level, name, output }: { level: string; name: string; output: DestinationStream },
  metrics?: MetricsExporterConfig,
): Logger {
  // The SDK calls its errors `error`; pino shows only those called `err` by itself.
  const serializers = { error: stdSerializers.err };
  const log = pino({ level, base: { process: name }, serializers }, output);
  Runtime.install({
    // Otherwise the core writes to standard output itself, and `logOutput` cannot bound it.
    telemetryOptions: { logging: { forward: {} }, ...(metrics && { metrics }) },
    // main.ts handles signals: the worker stops before its connections close.
    shutdownSignals: [],
    logger: new DefaultLogger('DEBUG', ({ level, message, meta }) => {
      log[EXPECTED.test(message) ? 'debug' : LEVELS[level]]({ ...meta }, message);
    }),
  });
  return log;
}
