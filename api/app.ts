/** The HTTP application: the middleware of every request, and the routes. */
import { BlockList } from 'node:net';
import type { MiddlewareHandler } from 'hono';
import { methodNotAllowed } from 'hono/method-not-allowed';
import type { Logger } from 'pino';
import type { ApiEnv } from './api-env.ts';
import { MAKE_CLAIM_ROUTE } from './claims/claim-url.ts';
import { describeOperations } from './docs/operation-ids.ts';
import { BATCH_PATH, limitBodies, readBodies } from './http/body-checks.ts';
import { everyRequest } from './http/every-request.ts';
import { describeQueries } from './http/query-checks.ts';
import { access, BEARER } from './identity/auth.ts';
import { clientOf } from './identity/client-address.ts';
import { observeAcceptance, observeRequests } from './metrics.ts';
import { problemOf, sendProblem } from './problem.ts';
import { newRouter } from './router.ts';
import { type PlayerEventRouteDeps, playerEventRoutes } from './routes/activity-events.ts';
import { type AuditRouteDeps, auditRoutes } from './routes/audit-log.ts';
import { type AuthRouteDeps, authRoutes } from './routes/auth.ts';
import { type PasswordRouteDeps, passwordRoutes } from './routes/auth-password.ts';
import { type ClaimDecisionRouteDeps, claimDecisionRoutes } from './routes/claim-decisions.ts';
import { claimListRoutes } from './routes/claim-lists.ts';
import { type ClaimRouteDeps, claimRoutes } from './routes/claims.ts';
import { type ConsoleRouteDeps, consoleRoutes } from './routes/console.ts';
import { docsRoutes } from './routes/docs.ts';
import { type EligibilityRouteDeps, eligibilityRoutes } from './routes/eligibility.ts';
import { type EventActionDeps, eventActionRoutes } from './routes/event-actions.ts';
import { type EventVersionDeps, eventVersionRoutes } from './routes/event-versions.ts';
import { type EventRouteDeps, eventRoutes } from './routes/events.ts';
import { type GrantRouteDeps, grantRoutes } from './routes/grants.ts';
import { type MetaRouteDeps, metaRoutes } from './routes/meta.ts';
import { type MetricsRouteDeps, metricsRoutes } from './routes/metrics.ts';
import { type OperationRouteDeps, operationRoutes } from './routes/operations.ts';
import { type OverviewRouteDeps, overviewRoutes } from './routes/overview.ts';
import { type PrivacyRouteDeps, privacyRoutes } from './routes/privacy.ts';
import { type CallbackRouteDeps, callbackRoutes } from './routes/provider-callbacks.ts';
import { type ReconciliationRouteDeps, reconciliationRoutes } from './routes/reconciliation.ts';
import { type ServiceAccountRouteDeps, serviceAccountRoutes } from './routes/service-accounts.ts';
import { SESSION, SESSION_COOKIE, sessionRoutes } from './routes/session.ts';
import { type StaffOidcRouteDeps, staffOidcRoutes } from './routes/staff-oidc.ts';
import { type TotpRouteDeps, totpRoutes } from './routes/totp.ts';
import { type UserRouteDeps, userRoutes } from './routes/users.ts';
import { observeChangeStream, observeStore } from './store-metrics.ts';
import { traceRequests } from './traces.ts';

/** Everything the routes need: the sum of what each route file asks for. */
export type AppDeps = AuthRouteDeps &
  PasswordRouteDeps &
  TotpRouteDeps &
  StaffOidcRouteDeps &
  UserRouteDeps &
  PrivacyRouteDeps &
  ServiceAccountRouteDeps &
  EventRouteDeps &
  EventActionDeps &
  EventVersionDeps &
  EligibilityRouteDeps &
  ClaimRouteDeps &
  ClaimDecisionRouteDeps &
  GrantRouteDeps &
  ReconciliationRouteDeps &
  AuditRouteDeps &
  PlayerEventRouteDeps &
  OperationRouteDeps &
  OverviewRouteDeps &
  CallbackRouteDeps &
  ConsoleRouteDeps &
  MetaRouteDeps &
  MetricsRouteDeps & {
    /** False if the metrics have a port of their own. */
    metricsArePublic?: boolean | undefined;
    log: Logger;
    /** The proxies whose forwarding headers are trusted; none unless given. */
    trustedProxies?: BlockList | undefined;
  };

const INFO = {
  title: 'Laurel',
  version: '1',
  license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  description:
    'Grants game event rewards exactly once. A text in a body is stored as NFC. One in which nothing can be seen is refused, and so is one with half of a surrogate pair, a control character (but line breaks in descriptions and notes), a bidirectional control, or a joiner, variation selector or tag outside of an emoji. Lengths count code points.',
};

/** The API is wherever its description was read. */
const SERVERS = [{ url: '/' }];

/** Builds the application; it listens to nothing by itself. */
export function createApp(deps: AppDeps) {
  const app = newRouter();
  observeAll(deps);
  guardRequests(app, deps);

  app.route('/', authRoutes(deps));
  app.route('/', passwordRoutes(deps));
  app.route('/', totpRoutes(deps));
  app.route('/', sessionRoutes(deps));
  app.route('/', staffOidcRoutes(deps));
  app.route('/', userRoutes(deps));
  app.route('/', privacyRoutes(deps));
  app.route('/', serviceAccountRoutes(deps));
  app.route('/', eventRoutes(deps));
  app.route('/', eventActionRoutes(deps));
  app.route('/', eventVersionRoutes(deps));
  app.route('/', eligibilityRoutes(deps));
  app.route('/', claimListRoutes(deps));
  app.route('/', claimRoutes(deps));
  app.route('/', claimDecisionRoutes(deps));
  app.route('/', grantRoutes(deps));
  app.route('/', reconciliationRoutes(deps));
  app.route('/', auditRoutes(deps));
  app.route('/', operationRoutes(deps));
  app.route('/', overviewRoutes(deps));
  app.route('/', playerEventRoutes(deps));
  app.route('/', callbackRoutes(deps));
  app.route('/', metaRoutes(deps));
  app.route('/', consoleRoutes(deps));
  if (deps.metricsArePublic ?? true) app.route('/', metricsRoutes(deps));
  app.route(
    '/',
    docsRoutes(() => description),
  );
  app.openAPIRegistry.registerComponent('securitySchemes', BEARER, {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
  });
  app.openAPIRegistry.registerComponent('securitySchemes', SESSION, {
    type: 'apiKey',
    in: 'cookie',
    name: SESSION_COOKIE,
  });
  // Last, so that it has every route. At start-up, so that a route it cannot describe fails the
  // start.
  const description = describeApi(app);
  return app;
}

type App = ReturnType<typeof newRouter>;

/** The OpenAPI document of an application: what `/openapi.json` answers. */
export function describeApi(app: App) {
  const description = app.getOpenAPI31Document({ openapi: '3.1.0', info: INFO, servers: SERVERS });
  describeQueries(description);
  describeOperations(description);
  return description;
}

/** Shows what the store and the change stream know in the metrics. */
function observeAll({ metrics, metricsAgeMs, store, changes, now }: AppDeps): void {
  const { claims, reconciliations } = store;
  observeStore(
    metrics,
    {
      mended: reconciliations.totals,
      lastPass: async () => (await reconciliations.latest(1))[0] ?? null,
      openClaims: claims.countOpen,
    },
    metricsAgeMs,
  );
  observeChangeStream(metrics, changes.seenUntil, now);
}

/** HEAD is answered as GET, without the body. A body that streams is cancelled, or it goes on. */
const endHeads: MiddlewareHandler<ApiEnv> = async (c, next) => {
  await next();
  if (c.req.method === 'HEAD') await c.res.body?.cancel();
};

/** The middleware that every request passes before the routes, in order. */
function guardRequests(app: App, deps: AppDeps): void {
  const trusted = deps.trustedProxies ?? new BlockList();
  const client: MiddlewareHandler<ApiEnv> = async (c, next) => {
    c.set('client', clientOf(c.env?.incoming, trusted));
    await next();
  };
  const observe = observeRequests(deps.metrics, deps.log, deps.admission.cameAtMs);
  const trace = traceRequests(deps.admission.cameAtMs);
  everyRequest(app, deps.log, client, trace, endHeads, observe);
  app.on('POST', MAKE_CLAIM_ROUTE, observeAcceptance(deps.metrics, deps.admission.cameAtMs));
  app.on('POST', MAKE_CLAIM_ROUTE, deps.admission.turnAway);
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed(c, methods) {
        const taken = ownMethods(app, c.req.path, methods).join(', ');
        const answer = problemOf('method_not_allowed', `This address takes ${taken}.`, c.req.path);
        return sendProblem(c, { ...answer, headers: { Allow: taken } });
      },
    }),
  );
  // The guards come before the body here: only game servers may send megabytes.
  for (const guard of access(deps, 'GAME_SERVER').middleware) app.on('POST', BATCH_PATH, guard);
  app.use(limitBodies(deps.metrics));
  app.use(readBodies);
}

/**
 * The methods of an address. If routes name this very address, only those count, and not routes
 * with a parameter that it fits as well: `/api/event-claims/summary` also looks like a claim.
 */
function ownMethods(app: App, path: string, methods: readonly string[]): readonly string[] {
  const own = app.routes.filter((route) => route.path === path).map(({ method }) => method);
  const isOwn = (method: string) => own.includes(method === 'HEAD' ? 'GET' : method);
  return methods.some(isOwn) ? methods.filter(isOwn) : methods;
}
