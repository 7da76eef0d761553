/** The `operationId` of every route: the name that a generated client gives it. */

/** By method and path as `/openapi.json` writes them. A name never changes: clients call it. */
export const OPERATION_IDS: Readonly<Record<string, string>> = {
  'post /api/auth/register': 'register',
  'post /api/auth/login': 'login',
  'post /api/auth/refresh': 'refreshTokens',
  'post /api/auth/logout': 'logout',
  'post /api/auth/login/totp': 'loginWithCode',
  'post /api/auth/password': 'changePassword',
  'post /api/auth/password-reset': 'resetPassword',
  'get /api/auth/totp': 'getTotp',
  'post /api/auth/totp': 'beginTotp',
  'post /api/auth/totp/confirm': 'confirmTotp',
  'delete /api/auth/totp': 'removeTotp',
  'post /api/auth/session': 'beginSession',
  'post /api/auth/session/totp': 'beginSessionWithCode',
  'post /api/auth/session/refresh': 'refreshSession',
  'delete /api/auth/session': 'endSession',
  'get /api/auth/profile': 'getProfile',

  'get /api/users': 'listUsers',
  'get /api/users/{userId}': 'getUser',
  'get /api/users/{userId}/progress': 'listProgress',
  'patch /api/users/{userId}': 'updateUser',
  'get /api/users/{userId}/export': 'exportUser',
  'post /api/users/{userId}/erasure': 'eraseUser',
  'post /api/users/{userId}/password-reset': 'issuePasswordReset',
  'delete /api/users/{userId}/totp': 'removeTotpOfUser',

  'post /api/service-accounts': 'createServiceAccount',
  'get /api/service-accounts': 'listServiceAccounts',
  'post /api/service-accounts/{userId}/keys': 'createServiceKey',
  'get /api/service-accounts/{userId}/keys': 'listServiceKeys',
  'delete /api/service-accounts/{userId}/keys/{keyId}': 'deleteServiceKey',

  'get /api/events': 'listEvents',
  'post /api/events': 'createEvent',
  'get /api/events/{eventId}': 'getEvent',
  'patch /api/events/{eventId}': 'updateEvent',
  'delete /api/events/{eventId}': 'deleteEvent',
  'post /api/events/{eventId}/clone': 'cloneEvent',
  'post /api/events/{eventId}/rewards/{rewardId}/stock': 'addStock',
  'get /api/events/{eventId}/versions': 'listEventVersions',
  'get /api/events/{eventId}/stats': 'getEventStats',
  'get /api/events/{eventId}/eligibility': 'getEligibility',

  'get /api/event-claims': 'listClaims',
  'get /api/event-claims/summary': 'summarizeClaims',
  'post /api/event-claims/{eventId}/claim': 'makeClaim',
  'get /api/event-claims/{claimId}': 'getClaim',
  'get /api/event-claims/{claimId}/stream': 'streamClaim',
  'post /api/event-claims/{claimId}/retry': 'retryClaim',
  'post /api/event-claims/{claimId}/abort': 'abortClaim',
  'post /api/event-claims/retry': 'retryClaims',
  'post /api/event-claims/abort': 'abortClaims',
  'get /api/grants': 'listGrants',

  'get /api/operations': 'listOperations',
  'get /api/operations/{operationId}': 'getOperation',
  'post /api/operations/{operationId}/stop': 'stopOperation',
  'get /api/reconciliation': 'getReconciliation',
  'get /api/audit-log': 'listAuditEntries',
  'get /api/audit-log/verification': 'getAuditVerification',
  'get /api/read-log': 'listPersonalReads',
  'get /api/overview': 'getOverview',
  'get /api/overview/stream': 'streamOverview',

  'post /api/activity-events': 'countPlayerEvents',
  'post /api/provider-callbacks/{provider}': 'receiveProviderCallback',

  'get /.well-known/jwks.json': 'getPublicKeys',
  'get /healthz': 'getHealth',
  'get /readyz': 'getReadiness',
  'get /metrics': 'getMetrics',
  'get /openapi.json': 'getDescription',
  'get /docs': 'getDocsPage',
};

interface Operation {
  operationId?: string;
  security?: unknown[];
}

/**
 * Gives each operation of an OpenAPI document its name. One without guards says that it needs no
 * sign-in (`security: []`), as an operation that says nothing might have been forgotten.
 */
export function describeOperations({ paths = {} }: { paths?: object | undefined }): void {
  for (const [path, methods] of Object.entries(paths as Record<string, Record<string, Operation>>))
    for (const [method, operation] of Object.entries(methods)) {
      const id = OPERATION_IDS[`${method} ${path}`];
      if (id !== undefined) operation.operationId = id;
      operation.security ??= [];
    }
}
