/** Connecting at a process's start: where it fails, the message says what was tried. */
import { Connection } from '@temporalio/client';
import { SetupError } from '../domain/errors.ts';
import { connectionOptions, type TemporalSettings } from './connection.ts';

type Options = ReturnType<typeof connectionOptions>;

/** @throws SetupError that names the address, and whether TLS was used */
export async function connectTemporal(settings: TemporalSettings): Promise<Connection> {
  return await connectBy((options) => Connection.connect(options), settings);
}

/**
 * Connects in a way of the SDK's: a client's, or a worker's native one.
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
