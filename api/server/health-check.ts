/** The image's health check: exits with 0 where the API of this container lives. */
import { ownUrl } from './own-url.ts';

const TIMEOUT_MS = 4_000;

// An empty variable is an unset one, as for the API itself.
const url = ownUrl({ HOST: process.env.HOST || '0.0.0.0', PORT: process.env.PORT || 3000 });
const signal = AbortSignal.timeout(TIMEOUT_MS);
const isWell = await fetch(`${url}/healthz`, { signal }).then(
  ({ ok }) => ok,
  () => false,
);
process.exit(isWell ? 0 : 1);
