/** Connects to Temporal. The same variables serve for an own server and for Temporal Cloud. */
import { readFileSync } from 'node:fs';
import { SetupError } from '../domain/errors.ts';

interface TemporalSettings {
  TEMPORAL_ADDRESS: string;
  TEMPORAL_API_KEY?: string | undefined;
  TEMPORAL_TLS_CERT?: string | undefined;
  TEMPORAL_TLS_KEY?: string | undefined;
  TEMPORAL_TLS_CA?: string | undefined;
  TEMPORAL_TLS_SERVER_NAME?: string | undefined;
}

/** A certificate or key, given as PEM text or as the path of a file that holds it. */
function pem(value: string): Buffer {
  return value.includes('-----BEGIN') ? Buffer.from(value) : readFileSync(value);
}

function tls(settings: TemporalSettings) {
  const { TEMPORAL_TLS_CERT: crt, TEMPORAL_TLS_KEY: key, TEMPORAL_TLS_CA: ca } = settings;
  const serverNameOverride = settings.TEMPORAL_TLS_SERVER_NAME;
  if (!crt && !key && !ca && !serverNameOverride) {
    // An API key is only ever sent over TLS.
    return settings.TEMPORAL_API_KEY ? true : undefined;
  }
  return {
    ...(crt && key && { clientCertPair: { crt: pem(crt), key: pem(key) } }),
    ...(ca && { serverRootCACertificate: pem(ca) }),
    ...(serverNameOverride && { serverNameOverride }),
  };
}

/** The options for a client's `Connection` and for a worker's `NativeConnection`. */
export function connectionOptions(settings: TemporalSettings) {
  const secured = tls(settings);
  return {
    address: settings.TEMPORAL_ADDRESS,
    ...(secured !== undefined && { tls: secured }),
    ...(settings.TEMPORAL_API_KEY && { apiKey: settings.TEMPORAL_API_KEY }),
  };
}

/**
 * Connects by a function of the SDK: that of clients, or the native one of workers.
 * @throws SetupError that names the address, and whether TLS was used
 */
export async function connectBy<C>(
  connect: (options: ReturnType<typeof connectionOptions>) => Promise<C>,
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
