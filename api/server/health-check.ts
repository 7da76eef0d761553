/** The container image's health check: exits with 0 if the API of this container is alive. */
import { ownUrl } from './own-url.ts';

/** In milliseconds: less than the image's own timeout of a check. */
const TIMEOUT_MS = 4_000;

// An empty variable counts as unset, as in the API's own configuration.
const url = ownUrl({ HOST: process.env.HOST || '0.0.0.0', PORT: process.env.PORT || 3000 });
const signal = AbortSignal.timeout(TIMEOUT_MS);
const isWell = await fetch(`${url}/healthz`, { signal }).then(
  ({ ok }) => ok,
  () => false,
);
process.exit(isWell ? 0 : 1);
