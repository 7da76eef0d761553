/** The API's description without an API: it needs no database, no Temporal and no port. */
import { type AppDeps, createApp, describeApi } from '../app.ts';

/**
 * Stands for whatever the routes are built with. Building them reads and calls it, which gives the
 * same again; nothing is served by it.
 */
function standIn(): unknown {
  return new Proxy(() => undefined, {
    // Not a promise, and not iterable.
    get: (_, name) => (name === 'then' || typeof name === 'symbol' ? undefined : standIn()),
    apply: standIn,
  });
}

/** The OpenAPI document, with every route that the API can have. */
export function offlineDescription(): ReturnType<typeof describeApi> {
  return describeApi(createApp(standIn() as AppDeps));
}
