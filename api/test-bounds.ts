/** Wide limits, for tests: all their clients have one address. */
import { BlockList } from 'node:net';
import type { ConnectionBounds } from './server/connections.ts';

export const CONNECTIONS: ConnectionBounds = {
  most: 20_000,
  mostOfAddress: 20_000,
  headersTimeoutMs: 10_000,
  bodyTimeoutMs: 30_000,
  trusted: new BlockList(),
};

export const LONG_REQUESTS = { most: 2_000, mostOfAddress: 2_000, mostOfUser: 2_000 };

/** Sign-ins without limits, second factors and trusted issuers. */
export const UNGUARDED = {
  ...{ ttlS: 900, limits: false, mfaRequired: false },
  ...{ encryptionKeys: [], trustedIssuers: [] },
};
