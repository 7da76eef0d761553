/** Temporal's log lines, and ours, as one stream of JSON. */
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino';

const LEVELS = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
} as const;

/** Said of every worker that serves only a part: one is for activities alone, and none has Nexus. */
const EXPECTED = /^No (workflows|activities|Nexus services) registered/;

/** A logger for the process, which the SDK and its native core write to as well. */
export function installLogger(level: string, name: string, output: DestinationStream): Logger {
  // The SDK names a cause `error`, and pino shows only an `err` as one.
  const serializers = { error: stdSerializers.err };
  const log = pino({ level, base: { process: name }, serializers }, output);
  Runtime.install({
    // Or the core would write to standard output itself, past all that bounds and orders our lines.
    telemetryOptions: { logging: { forward: {} } },
    // Signals are handled by main.ts: the worker stops before its connections do.
    shutdownSignals: [],
    logger: new DefaultLogger('DEBUG', ({ level, message, meta }) => {
      log[EXPECTED.test(message) ? 'debug' : LEVELS[level]]({ ...meta }, message);
    }),
  });
  return log;
}
