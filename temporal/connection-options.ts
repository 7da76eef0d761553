/** How to reach Temporal. The same variables serve for an own server and for Temporal Cloud. */
import { readFileSync } from 'node:fs';

export interface TemporalSettings {
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
