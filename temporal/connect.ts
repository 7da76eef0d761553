/** Connects to Temporal at a process's start. The error message says what was tried. */
import { Connection } from '@temporalio/client';
import { SetupError } from '../domain/errors.ts';
import { connectionOptions, type TemporalSettings } from './connection-options.ts';

type Options = ReturnType<typeof connectionOptions>;

/** Connects as a client. @throws SetupError that names the address, and whether TLS was used */
export async function connectTemporal(settings: TemporalSettings): Promise<Connection> {
  return await connectBy((options) => Connection.connect(options), settings);
}

/**
 * Connects by a function of the SDK: that of clients, or the native one of workers.
 * @throws SetupError that names the address, and whether TLS was used
 */
export async function connectBy<C>(
  connect: (options: Options) => Promise<C>,
  settings: TemporalSettings,
): Promise<C> {
  const options = connectionOptions(settings);
  try {
    return await connect(options);
  } catch (error) {
    const { message, cause } = error as Error;
    const by = options.tls === undefined ? 'without TLS' : 'over TLS';
    const why = cause instanceof Error ? `${message}: ${cause.message}` : message;
    throw new SetupError(
      `Temporal at ${options.address} cannot be reached ${by}: ${why}. Check TEMPORAL_ADDRESS and TEMPORAL_TLS_*; TEMPORAL_API_KEY turns TLS on.`,
      { cause: error },
    );
  }
}
