/**
 * Types of every route of `/openapi.json`. Generated: `npm run client` writes it anew.
 */
export interface paths {
    "/api/auth/register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Register as a player */
        post: operations["register"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign in */
        post: operations["login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/login/totp": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Go on with a sign-in that needs a second factor */
        post: operations["loginWithCode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Get a new pair of tokens; the refresh token sent is spent */
        post: operations["refreshTokens"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End the sign-in a refresh token belongs to */
        post: operations["logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/profile": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who am I */
        get: operations["getProfile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Change one's own password, which ends all other sign-ins */
        post: operations["changePassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/{userId}/password-reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make a reset token for a user, valid for an hour; it replaces the one before */
        post: operations["issuePasswordReset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/password-reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Set a new password by a reset token, which ends all sign-ins */
        post: operations["resetPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/totp": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether I have a second factor */
        get: operations["getTotp"];
        put?: never;
        /**
         * Begin to set up a second factor; it is in use once it is confirmed
         * @description Also with an `mfaToken` as the bearer token, where a sign-in asks for it.
         */
        post: operations["beginTotp"];
        /** Remove my second factor, which ends all other sign-ins */
        delete: operations["removeTotp"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/totp/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take a second factor into use, which ends all other sign-ins
         * @description Also with an `mfaToken` as the bearer token: it then goes on at `/api/auth/login/totp` without another code.
         */
        post: operations["confirmTotp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/{userId}/totp": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove a user's second factor, for one who lost it; it ends their sign-ins */
        delete: operations["removeTotpOfUser"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign in with a browser: refused unless `Sec-Fetch-Site` is `same-origin` */
        post: operations["beginSession"];
        /** Sign out, and clear the cookie */
        delete: operations["endSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/session/totp": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Go on with a sign-in with a browser that needs a second factor */
        post: operations["beginSessionWithCode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/session/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Get a new access token by the cookie, whose token is replaced */
        post: operations["refreshSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Users, newest first
         * @description A page may hold fewer items than `limit`, or none, and still have a `nextCursor`: one page looks at 1,000 records at most. Read on until it is null.
         */
        get: operations["listUsers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/{userId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A user */
        get: operations["getUser"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change a user's role or status, which ends their tokens */
        patch: operations["updateUser"];
        trace?: never;
    };
    "/api/users/{userId}/progress": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What is counted for a user, by metric and key, over all time */
        get: operations["listProgress"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/{userId}/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * All that is kept of a user
         * @description One record a line, each with its `type`. Users get their own data, an ADMIN that of any user; for others it is 404. An answer that ends early breaks the connection.
         */
        get: operations["exportUser"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/{userId}/erasure": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Erase a user's personal data
         * @description The user becomes `WITHDRAWN`, which stops running claims. Name, credentials and external IDs are gone when this is answered. An operation then erases sign-ins, player events, progress, notes and texts. IDs, states and amounts stay, so that stock levels and the audit log stay whole. It cannot be undone. Asked for again, it is the same operation.
         */
        post: operations["eraseUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/read-log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who of the staff looked at whose data, the latest first
         * @description An entry stands for all reads by one person, of one user, by one route, in one minute. It is there about a second after the read, and for two years.
         */
        get: operations["listPersonalReads"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/service-accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Service accounts, newest first */
        get: operations["listServiceAccounts"];
        put?: never;
        /** Make a service account, which signs in with keys and has no password */
        post: operations["createServiceAccount"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/service-accounts/{userId}/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An account's keys, newest first */
        get: operations["listServiceKeys"];
        put?: never;
        /** Make a key: two may be live, so that a new one is in use before the old one goes */
        post: operations["createServiceKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/service-accounts/{userId}/keys/{keyId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Delete a key, which is refused everywhere within a second */
        delete: operations["deleteServiceKey"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Events, newest first
         * @description Players see events that are or will be open and are listed, staff see all.
         */
        get: operations["listEvents"];
        put?: never;
        /**
         * Create an event
         * @description An idempotency key is kept for 24 hours.
         */
        post: operations["createEvent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/events/{eventId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An event */
        get: operations["getEvent"];
        put?: never;
        post?: never;
        /** Delete a draft */
        delete: operations["deleteEvent"];
        options?: never;
        head?: never;
        /**
         * Change an event; after its first claim much of it is frozen
         * @description What is left out stays as it is. `rewards` replaces the list; a reward named again without `stock` keeps the one it has.
         */
        patch: operations["updateEvent"];
        trace?: never;
    };
    "/api/events/{eventId}/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What became of an event's rewards and claims */
        get: operations["getEventStats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/events/{eventId}/clone": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Copy an event to a draft with a play window of its own
         * @description All that the body does not name is as in the event. An idempotency key is kept for 24 hours.
         */
        post: operations["cloneEvent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/events/{eventId}/rewards/{rewardId}/stock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Add units to a reward's stock
         * @description Of two such calls at once, both count. A repeated idempotency key adds nothing and is answered as it was; it is kept for 24 hours.
         */
        post: operations["addStock"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/events/{eventId}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who changed what of an event when, newest first */
        get: operations["listEventVersions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/events/{eventId}/eligibility": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * May I claim now, and why not
         * @description The condition with what you have, what is needed and whether it is met on every leaf, and the windows around it. It promises nothing: a claim is judged as at its own acceptance. Staff name a player and get the answer for that player.
         */
        get: operations["getEligibility"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/event-claims": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Claims, newest first
         * @description A page may hold fewer items than `limit`, or none, and still have a `nextCursor`: one page looks at 1,000 records at most. Read on until it is null.
         */
        get: operations["listClaims"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/event-claims/summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Claims counted by what they have in common, the largest group first
         * @description By `state` and `eventId`, filtered by nothing else, all claims are counted, however many there are. With anything else each claim that fits is looked at: where these are too many to be counted in time, the answer is 503 `unavailable` and no part of the numbers. Narrow the filter then, by `from` for example.
         */
        get: operations["summarizeClaims"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/event-claims/{eventId}/claim": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Claim an event's reward */
        post: operations["makeClaim"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/event-claims/{claimId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A claim */
        get: operations["getClaim"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/event-claims/{claimId}/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A claim as server-sent events
         * @description The claim at once and after each change; ends with the final state, and with the access token.
         */
        get: operations["streamClaim"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/event-claims/{claimId}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let a parked claim try again from the step it stands at */
        post: operations["retryClaim"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/event-claims/{claimId}/abort": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Undo a parked claim */
        post: operations["abortClaim"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/grants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Rewards granted, the latest first
         * @description By the end of their claims. A page may hold fewer items than `limit`, or none, and still have a `nextCursor`: one page looks at 1,000 records at most. Read on until it is null.
         */
        get: operations["listGrants"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/reconciliation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The last runs of reconciliation, and the invariant per reward */
        get: operations["getReconciliation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit-log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Changes by staff, the latest first
         * @description With `Accept: application/x-ndjson` the answer is every entry that fits, one a line; `limit` and `cursor` are refused then. An answer that ends early, as with the access token, breaks the connection.
         */
        get: operations["listAuditEntries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit-log/verification": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether the chain of the audit log is whole
         * @description Each call goes on where the last one ended, and looks once more at some older entries. Of a long log that was never checked, a call checks a part: `through` is below `entries` then. `npm run audit:verify` checks all at once.
         */
        get: operations["getAuditVerification"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/event-claims/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let every parked claim that fits try again */
        post: operations["retryClaims"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/event-claims/abort": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Undo every parked claim that fits */
        post: operations["abortClaims"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Bulk actions, newest first */
        get: operations["listOperations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operations/{operationId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How far a bulk action is */
        get: operations["getOperation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operations/{operationId}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop a bulk action; what is done stays
         * @description It decides on no claim more once this is answered. Again, it changes nothing.
         */
        post: operations["stopOperation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What needs a person now, the live events, and the claims of the last hour
         * @description Two seconds old at most, and the same for all who look at the same time.
         */
        get: operations["getOverview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/overview/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The overview as server-sent events
         * @description At once and then whenever it differs. It is made every two seconds, and each time that it says the same a comment is sent. The stream ends with the access token, and where no overview can be made.
         */
        get: operations["streamOverview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/activity-events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Counts what players did, each event once for its sender, for good */
        post: operations["countPlayerEvents"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/provider-callbacks/{provider}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A fulfillment provider has news of a grant
         * @description Signed as Standard Webhooks say. The claim then asks the provider itself; repeated and late callbacks do no harm.
         */
        post: operations["receiveProviderCallback"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/.well-known/jwks.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The public keys access tokens are verified with */
        get: operations["getPublicKeys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The process lives */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether requests can be served */
        get: operations["getReadiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Measurements, for Prometheus */
        get: operations["getMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This description */
        get: operations["getDescription"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This description as a page */
        get: operations["getDocsPage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description At most 50 leaves, 8 levels deep. */
        Condition: components["schemas"]["ConditionLeaf"] | {
            all: components["schemas"]["Condition"][];
        } | {
            any: components["schemas"]["Condition"][];
        } | {
            not: components["schemas"]["Condition"];
        };
        /** @description Compares one number by exactly one of `atLeast`, `atMost` and `equals`. */
        ConditionLeaf: {
            /**
             * @description What is looked at:
             *     - any name of a **counter**, such as `quest.completed`: how often, or how much, was counted. `key` counts that key alone, such as one quest;
             *     - a **gauge** (`GAUGES` in the configuration; `level` by default): the highest or the latest value reported;
             *     - `login.streak`: days in a row with a `login` activity, in the event's time zone and with its reset time, ending today or yesterday;
             *     - `account.ageDays`: whole days of 24 hours since the player registered;
             *     - `event.granted`: how many claims of the event whose ID is the `key` were granted to the player. It takes no `atMost`, as two claims at once would both pass: `claimsTotal` and `exclusiveGroup` of an event limit grants;
             *     - `time.between`: 1 where the clocks of the event's time zone show a time within the `key`, else 0. The key is `HH:MM-HH:MM`, from the first minute until before the second, over midnight where the second is the earlier one: `22:00-02:00`; `24:00` may stand at its end.
             *
             *     What was never reported (a gauge, or a metric a provider does not mention) meets no comparison, so `not` of it holds.
             * @example quest.completed
             */
            metric: string;
            /** @example snow-1 */
            key?: string;
            atLeast?: number;
            atMost?: number;
            equals?: number;
            /**
             * @description Which of it counts. Counters count from `startsAt` on (`EVENT`) unless another window is named: `PERIOD` from the beginning of the claim's period, but not before `startsAt`; `ALL_TIME` whenever. Gauges, `login.streak` and `event.granted` tell how things stand, wherever that began, unless a window is named: then only what was reported, or granted, inside of it counts. `account.ageDays`, `time.between` and metrics of a provider take no window. All of it ends with the claim, or with `endsAt` for a claim made after that: what a player then does, reaches or grows into does not count. Grants of other events, the time of day and a provider's metrics are those of the claim's own moment.
             * @enum {string}
             */
            window?: "EVENT" | "PERIOD" | "ALL_TIME";
            /**
             * @description `progress` is Laurel's own books, or the name of a configured provider, which is asked for the metric when the claim is checked.
             * @default progress
             */
            source?: string;
        } & ({
            atLeast: number;
        } | {
            atMost: number;
        } | {
            equals: number;
        });
        /** @description The condition as it is written, with what the player has. */
        ExplainedCondition: {
            /**
             * @description What is looked at:
             *     - any name of a **counter**, such as `quest.completed`: how often, or how much, was counted. `key` counts that key alone, such as one quest;
             *     - a **gauge** (`GAUGES` in the configuration; `level` by default): the highest or the latest value reported;
             *     - `login.streak`: days in a row with a `login` activity, in the event's time zone and with its reset time, ending today or yesterday;
             *     - `account.ageDays`: whole days of 24 hours since the player registered;
             *     - `event.granted`: how many claims of the event whose ID is the `key` were granted to the player. It takes no `atMost`, as two claims at once would both pass: `claimsTotal` and `exclusiveGroup` of an event limit grants;
             *     - `time.between`: 1 where the clocks of the event's time zone show a time within the `key`, else 0. The key is `HH:MM-HH:MM`, from the first minute until before the second, over midnight where the second is the earlier one: `22:00-02:00`; `24:00` may stand at its end.
             *
             *     What was never reported (a gauge, or a metric a provider does not mention) meets no comparison, so `not` of it holds.
             * @example quest.completed
             */
            metric: string;
            /** @example snow-1 */
            key?: string;
            atLeast?: number;
            atMost?: number;
            equals?: number;
            /**
             * @description Which of it counts. Counters count from `startsAt` on (`EVENT`) unless another window is named: `PERIOD` from the beginning of the claim's period, but not before `startsAt`; `ALL_TIME` whenever. Gauges, `login.streak` and `event.granted` tell how things stand, wherever that began, unless a window is named: then only what was reported, or granted, inside of it counts. `account.ageDays`, `time.between` and metrics of a provider take no window. All of it ends with the claim, or with `endsAt` for a claim made after that: what a player then does, reaches or grows into does not count. Grants of other events, the time of day and a provider's metrics are those of the claim's own moment.
             * @enum {string}
             */
            window?: "EVENT" | "PERIOD" | "ALL_TIME";
            /**
             * @description `progress` is Laurel's own books, or the name of a configured provider, which is asked for the metric when the claim is checked.
             * @default progress
             */
            source?: string;
            /** @description Null for what was never reported, or is not known. */
            have: number | null;
            need: number;
            /** @description Null where it is not known: a provider has no answer now. */
            met: boolean | null;
        } | {
            all: components["schemas"]["ExplainedCondition"][];
            /** @description Null where it is not known: a provider has no answer now. */
            met: boolean | null;
        } | {
            any: components["schemas"]["ExplainedCondition"][];
            /** @description Null where it is not known: a provider has no answer now. */
            met: boolean | null;
        } | {
            not: components["schemas"]["ExplainedCondition"];
            /** @description Null where it is not known: a provider has no answer now. */
            met: boolean | null;
        };
        ActivityEvent: {
            /** @description Counts once for its sender, the signed-in game server, for good. Sent again with the same content it is a duplicate; with other content it is rejected. */
            id: string;
            /** @description Exact, also in its case; of a user who does not exist: rejected. Or an external ID, `ext:{issuer name}:{subject}`: a user not seen yet is made. */
            userId: string;
            /** @description Compared in NFC. */
            metric: string;
            /** @description Compared in NFC. */
            key?: string;
            /** @description An amount, 1 unless given; or a state. */
            value?: number;
            /**
             * Format: date-time
             * @description Up to five minutes ahead of our clock it counts as of now; further, rejected.
             */
            at: string;
        };
        User: {
            /** @example usr_5f2b8c9d0e1a2b3c4d5e6f70 */
            id: string;
            username: string;
            displayName: string;
            /** @description `ext:{issuer name}:{subject}` of a trusted issuer’s user; null for all others. */
            externalId: string | null;
            /** @enum {string} */
            role: "PLAYER" | "SUPPORT" | "OPERATOR" | "AUDITOR" | "ADMIN" | "GAME_SERVER";
            /** @enum {string} */
            status: "ACTIVE" | "SUSPENDED" | "BANNED" | "WITHDRAWN";
            /** Format: date-time */
            createdAt: string;
            /**
             * Format: date-time
             * @description When the personal data were erased; absent where they were not.
             */
            erasedAt?: string;
        };
        Problem: {
            /** @example urn:laurel:problem:not_found */
            type: string;
            title: string;
            status: number;
            detail: string;
            /** @enum {string} */
            code: "invalid_request" | "idempotency_key_missing" | "idempotency_key_invalid" | "unauthenticated" | "invalid_credentials" | "token_expired" | "mfa_required" | "forbidden" | "user_not_active" | "not_found" | "event_not_open" | "sold_out" | "already_claimed" | "username_taken" | "conflict" | "invalid_transition" | "version_mismatch" | "payload_too_large" | "unsupported_media_type" | "idempotency_key_reused" | "rate_limited" | "unavailable" | "method_not_allowed" | "internal";
            instance: string;
            /** @description What is wrong where: JSON pointers into the body (RFC 6901). */
            errors?: {
                pointer: string;
                message: string;
            }[];
            /** @description With `mfa_required`: goes on with the sign-in. Valid for ten minutes. */
            mfaToken?: string;
            /**
             * @description With `mfa_required`: whether a code is needed, or a second factor must be set up first, with the `mfaToken` as the bearer token of `POST /api/auth/totp`.
             * @enum {string}
             */
            mfa?: "CODE" | "ENROL";
        };
        Registration: {
            /** @description Only visible characters, with single blanks between them */
            username: string;
            password: string;
            /** @description Only visible characters, with single blanks between them */
            displayName?: string;
        };
        TokenPair: {
            accessToken: string;
            /** @enum {string} */
            tokenType: "Bearer";
            /** @description Lifetime of the access token, in seconds. */
            expiresIn: number;
            refreshToken: string;
        };
        Credentials: {
            username: string;
            password: string;
        };
        SecondStep: {
            mfaToken: string;
            /** @description A code of the authenticator, or a recovery code. Left out right after an enrolment, which has shown one. */
            code?: string;
        };
        RefreshToken: {
            refreshToken: string;
        };
        PasswordChange: {
            currentPassword: string;
            /** @description None that many people use, and none that holds the username. */
            newPassword: string;
        };
        MadePasswordReset: {
            /** @description It is shown here only, and counts once. */
            resetToken: string;
            /** Format: date-time */
            expiresAt: string;
        };
        PasswordReset: {
            resetToken: string;
            /** @description None that many people use, and none that holds the username. */
            newPassword: string;
        };
        TotpState: {
            enabled: boolean;
            recoveryCodesLeft: number;
        };
        TotpEnrolment: {
            /** @description In base32, to be typed into an authenticator. */
            secret: string;
            /** @description The same as an `otpauth:` URI, for a QR code. */
            uri: string;
        };
        TotpConfirmed: {
            /** @description Each stands for a code once. They are shown here only. */
            recoveryCodes: string[];
        };
        TotpConfirmation: {
            code: string;
        };
        AccessToken: {
            accessToken: string;
            /** @enum {string} */
            tokenType: "Bearer";
            /** @description Lifetime of the access token, in seconds. */
            expiresIn: number;
        };
        Progress: {
            metric: string;
            key: string | null;
            /** @description The values added up; an event without one counts 1. */
            sum: number;
            /** @description Null where no event had a value. */
            highest: number | null;
            /** @description As above, by the time of the events. */
            latest: number | null;
            /**
             * Format: date-time
             * @description The time of the last event.
             */
            lastSeenAt: string;
        };
        UserChange: {
            /** @enum {string} */
            role?: "PLAYER" | "SUPPORT" | "OPERATOR" | "AUDITOR" | "ADMIN" | "GAME_SERVER";
            /** @enum {string} */
            status?: "ACTIVE" | "SUSPENDED" | "BANNED" | "WITHDRAWN";
        };
        ErasureStarted: {
            operationId: string;
        };
        PersonalRead: {
            /**
             * Format: date-time
             * @description The first read of the minute.
             */
            at: string;
            actorId: string;
            /** @enum {string} */
            actorRole: "PLAYER" | "SUPPORT" | "OPERATOR" | "AUDITOR" | "ADMIN" | "GAME_SERVER";
            /** @description Whose data was read. */
            userId: string;
            /** @example GET /api/users/{userId} */
            route: string;
            requestId: string;
            /** @description The address the read came from. */
            from: string | null;
        };
        ServiceAccount: {
            /** @description The account's ID as a user: it is one. */
            id: string;
            /** @description The same, as paths call it. */
            userId: string;
            /** @description Its username as a user. */
            name: string;
            /** @enum {string} */
            role: "GAME_SERVER" | "SUPPORT" | "AUDITOR";
            /** @enum {string} */
            status: "ACTIVE" | "SUSPENDED" | "BANNED" | "WITHDRAWN";
            /** Format: date-time */
            createdAt: string;
        };
        NewServiceAccount: {
            /** @description Only visible characters, with single blanks between them */
            name: string;
            /** @enum {string} */
            role: "GAME_SERVER" | "SUPPORT" | "AUDITOR";
        };
        MadeServiceKey: components["schemas"]["ServiceKey"] & {
            /** @description The key. It is shown here only. */
            key: string;
        };
        ServiceKey: {
            keyId: string;
            /** @description The first characters of the key. */
            prefix: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            expiresAt: string | null;
            /**
             * Format: date-time
             * @description Written at most once a minute by each process.
             */
            lastUsedAt: string | null;
        };
        NewServiceKey: {
            /**
             * Format: date-time
             * @description Never, unless given.
             */
            expiresAt?: string;
        };
        Event: {
            /** @example evt_5f2b8c9d0e1a2b3c4d5e6f70 */
            eventId: string;
            /** @description Grows with every change; also the `ETag`. */
            version: number;
            /** @enum {string} */
            status: "DRAFT" | "ACTIVE" | "PAUSED" | "ENDED";
            title: string;
            description: string;
            /** Format: date-time */
            startsAt: string;
            /** Format: date-time */
            endsAt: string;
            /** Format: date-time */
            claimUntil: string | null;
            /**
             * Format: date-time
             * @description Claims are taken until before it: `claimUntil`, or `endsAt` where that is null.
             */
            claimableUntil: string;
            /** Format: date-time */
            listedFrom: string | null;
            period: {
                /** @enum {string} */
                kind: "ONCE" | "DAILY" | "WEEKLY" | "MONTHLY";
                timeZone: string;
                resetHour: number;
                resetMinute: number;
                /** @enum {string} */
                resetDay: "MONDAY" | "TUESDAY" | "WEDNESDAY" | "THURSDAY" | "FRIDAY" | "SATURDAY" | "SUNDAY";
            };
            claimsPerPeriod: number;
            /** @description What bounds a player's grants over all periods; null for no limit. */
            claimsTotal: number | null;
            /** @description A player has one grant among all events that name it; null for no group. */
            exclusiveGroup: string | null;
            condition?: components["schemas"]["Condition"] | null;
            /** @enum {string} */
            rewardSelection: "ALL" | "PLAYER_CHOICE";
            rewards: {
                rewardId: string;
                /** @enum {string} */
                kind: "ITEM" | "CURRENCY" | "POINTS" | "COUPON";
                name: string;
                quantity: number;
                /** @description Units to give in all; null for unlimited. */
                stock: number | null;
            }[];
            fulfillment: {
                provider: string;
            };
            parkedAfter: {
                /** @enum {string} */
                action: "RETRY" | "ABORT" | "WAIT";
                hours: number;
            };
            createdBy: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
        };
        NewEvent: {
            title: string;
            /** @default  */
            description?: string;
            /** Format: date-time */
            startsAt: string;
            /** Format: date-time */
            endsAt: string;
            /**
             * Format: date-time
             * @description Claims are taken until before it; null for `endsAt`, whichever that is. In the grace between the two, a claim is for what was done before `endsAt`, in its last period.
             */
            claimUntil?: string;
            /**
             * Format: date-time
             * @description Hides an active event from players until then: it is in no list, and 404 to read, to ask about and to claim. What they do counts from `startsAt` on all the same.
             */
            listedFrom?: string;
            /** @default 1 */
            claimsPerPeriod?: number;
            /**
             * @description Claims of this event that may be granted to a player over all its periods, and at most `claimsPerPeriod` in each of them; null for no limit. Frozen after the first claim.
             * @default null
             */
            claimsTotal?: number | null;
            /**
             * @description A player may have one grant among all events that name the same group; null for no group. Frozen after the first claim.
             * @default null
             * @example winter-2026
             */
            exclusiveGroup?: string | null;
            condition?: components["schemas"]["Condition"] | null;
            /**
             * @default ALL
             * @enum {string}
             */
            rewardSelection?: "ALL" | "PLAYER_CHOICE";
            rewards: {
                rewardId: string;
                /** @enum {string} */
                kind: "ITEM" | "CURRENCY" | "POINTS" | "COUPON";
                name: string;
                /** @description Units one claim gives. */
                quantity: number;
                /** @description Units to give in all; null for unlimited, as it is for a new reward without one. */
                stock?: number | null;
            }[];
            /**
             * @default {
             *       "provider": "mailbox"
             *     }
             */
            fulfillment?: {
                /** @example mailbox */
                provider: string;
            };
            /**
             * @default {
             *       "kind": "ONCE",
             *       "timeZone": "UTC",
             *       "resetHour": 0,
             *       "resetMinute": 0,
             *       "resetDay": "MONDAY"
             *     }
             */
            period?: {
                /** @enum {string} */
                kind: "ONCE" | "DAILY" | "WEEKLY" | "MONTHLY";
                /** @example Asia/Seoul */
                timeZone?: string;
                /**
                 * @description When a day starts, local time.
                 * @default 0
                 */
                resetHour?: number;
                /** @default 0 */
                resetMinute?: number;
                /**
                 * @description The first day of a week; counts for `WEEKLY` alone. A week is named by the ISO 8601 week that holds its first day.
                 * @default MONDAY
                 * @enum {string}
                 */
                resetDay?: "MONDAY" | "TUESDAY" | "WEDNESDAY" | "THURSDAY" | "FRIDAY" | "SATURDAY" | "SUNDAY";
            };
            /**
             * @default {
             *       "action": "WAIT",
             *       "hours": 24
             *     }
             */
            parkedAfter?: {
                /** @enum {string} */
                action: "RETRY" | "ABORT" | "WAIT";
                /** @default 24 */
                hours?: number;
            };
            /**
             * @default DRAFT
             * @enum {string}
             */
            status?: "DRAFT" | "ACTIVE";
        };
        EventPatch: {
            title?: string;
            description?: string;
            /** Format: date-time */
            startsAt?: string;
            /** Format: date-time */
            endsAt?: string;
            /**
             * Format: date-time
             * @description Claims are taken until before it; null for `endsAt`, whichever that is. In the grace between the two, a claim is for what was done before `endsAt`, in its last period.
             */
            claimUntil?: string;
            /**
             * Format: date-time
             * @description Hides an active event from players until then: it is in no list, and 404 to read, to ask about and to claim. What they do counts from `startsAt` on all the same.
             */
            listedFrom?: string;
            claimsPerPeriod?: number;
            /** @description Claims of this event that may be granted to a player over all its periods, and at most `claimsPerPeriod` in each of them; null for no limit. Frozen after the first claim. */
            claimsTotal?: number | null;
            /**
             * @description A player may have one grant among all events that name the same group; null for no group. Frozen after the first claim.
             * @example winter-2026
             */
            exclusiveGroup?: string | null;
            condition?: components["schemas"]["Condition"] | null;
            /** @enum {string} */
            rewardSelection?: "ALL" | "PLAYER_CHOICE";
            rewards?: {
                rewardId: string;
                /** @enum {string} */
                kind: "ITEM" | "CURRENCY" | "POINTS" | "COUPON";
                name: string;
                /** @description Units one claim gives. */
                quantity: number;
                /** @description Units to give in all; null for unlimited, as it is for a new reward without one. */
                stock?: number | null;
            }[];
            fulfillment?: {
                /** @example mailbox */
                provider: string;
            };
            period?: {
                /** @enum {string} */
                kind?: "ONCE" | "DAILY" | "WEEKLY" | "MONTHLY";
                /** @example Asia/Seoul */
                timeZone?: string;
                /** @description When a day starts, local time. */
                resetHour?: number;
                resetMinute?: number;
                /**
                 * @description The first day of a week; counts for `WEEKLY` alone. A week is named by the ISO 8601 week that holds its first day.
                 * @enum {string}
                 */
                resetDay?: "MONDAY" | "TUESDAY" | "WEDNESDAY" | "THURSDAY" | "FRIDAY" | "SATURDAY" | "SUNDAY";
            };
            parkedAfter?: {
                /** @enum {string} */
                action?: "RETRY" | "ABORT" | "WAIT";
                hours?: number;
            };
            /** @enum {string} */
            status?: "DRAFT" | "ACTIVE" | "PAUSED" | "ENDED";
        };
        EventStats: {
            rewards: {
                rewardId: string;
                stock: number | null;
                available: number | null;
                held: number;
                granted: number;
            }[];
            /** @description How many claims are in each state; states of none are left out. */
            claims: {
                PENDING_VALIDATION?: number;
                CHECKING_CONDITIONS?: number;
                RESERVING_STOCK?: number;
                FULFILLING?: number;
                GRANTED?: number;
                COMPENSATING?: number;
                NEEDS_ATTENTION?: number;
                REJECTED?: number;
                FAILED?: number;
            };
        };
        EventClone: {
            /** @description The title of the event unless given. */
            title?: string;
            /** Format: date-time */
            startsAt: string;
            /** Format: date-time */
            endsAt: string;
            /**
             * Format: date-time
             * @description Null for `endsAt`.
             */
            claimUntil?: string;
        };
        StockLevels: {
            rewardId: string;
            stock: number;
            available: number;
            held: number;
            granted: number;
        };
        Restock: {
            /** @description Units to add. Below zero: units to take away, down to those held and granted. */
            add: number;
        };
        EventVersion: {
            version: number;
            /** Format: date-time */
            at: string;
            actorId: string;
            /** @enum {string} */
            actorRole: "PLAYER" | "SUPPORT" | "OPERATOR" | "AUDITOR" | "ADMIN" | "GAME_SERVER";
            /** @enum {string} */
            action: "user.update" | "user.erase" | "user.password_changed" | "user.password_reset" | "user.totp_enabled" | "user.totp_disabled" | "user.totp_removed" | "service_account.create" | "service_key.create" | "service_key.delete" | "event.create" | "event.update" | "event.restock" | "event.delete" | "claim.retry" | "claim.abort" | "claims.retry" | "claims.abort" | "operation.stop";
            /** @description The event that it is a copy of. */
            clonedFrom: string | null;
            /** @description What differs from the version before, as JSON pointers into the event. Empty for the first version. */
            changes: {
                pointer: string;
                before?: unknown;
                after?: unknown;
            }[];
        };
        Eligibility: {
            eventId: string;
            /** @description Null where it hangs on a provider that has no answer now; a claim waits for that answer. */
            eligible: boolean | null;
            /** @description Everything that would refuse a claim now, in the order in which it counts. One exception: where units are gone, a claim is refused as `SOLD_OUT` before its condition is judged. */
            reasons: ("USER_NOT_ACTIVE" | "EVENT_NOT_OPEN" | "ALREADY_CLAIMED" | "CONDITION_NOT_MET" | "SOLD_OUT" | "FULFILLMENT_REFUSED" | "FULFILLMENT_UNAVAILABLE" | "FULFILLMENT_UNKNOWN" | "COMPENSATION_FAILED" | "ABORTED_BY_ADMIN" | "INTERNAL")[];
            condition?: components["schemas"]["ExplainedCondition"] | null;
            /**
             * Format: date-time
             * @description The moment this is said for.
             */
            at: string;
            /** @description What is done from `startsAt` until before `endsAt` counts; claims are taken until before `claimableUntil`. */
            window: {
                /** Format: date-time */
                startsAt: string;
                /** Format: date-time */
                endsAt: string;
                /** Format: date-time */
                claimableUntil: string;
            };
            /** @description The period that the claim is in; after the play window, the last one of that window. */
            period: {
                /** @example 2026-11-22 */
                key: string;
                /**
                 * Format: date-time
                 * @description Null for `ONCE`.
                 */
                startsAt: string | null;
                /**
                 * Format: date-time
                 * @description When the next one begins; null where none does: for `ONCE`, and for the last of the play window.
                 */
                endsAt: string | null;
            };
            rewards: {
                rewardId: string;
                /** @description Units left; null for unlimited. */
                available: number | null;
            }[];
        };
        Claim: {
            claimId: string;
            eventId: string;
            userId: string;
            idempotencyKey: string;
            periodKey: string;
            /** @enum {string} */
            state: "PENDING_VALIDATION" | "CHECKING_CONDITIONS" | "RESERVING_STOCK" | "FULFILLING" | "GRANTED" | "COMPENSATING" | "NEEDS_ATTENTION" | "REJECTED" | "FAILED";
            /** @enum {string|null} */
            reason: "USER_NOT_ACTIVE" | "EVENT_NOT_OPEN" | "ALREADY_CLAIMED" | "CONDITION_NOT_MET" | "SOLD_OUT" | "FULFILLMENT_REFUSED" | "FULFILLMENT_UNAVAILABLE" | "FULFILLMENT_UNKNOWN" | "COMPENSATION_FAILED" | "ABORTED_BY_ADMIN" | "INTERNAL" | null;
            lines: components["schemas"]["ClaimLine"][];
            steps: components["schemas"]["ClaimStep"][];
            explanation?: components["schemas"]["ClaimExplanation"];
            forStaff?: components["schemas"]["ClaimForStaff"];
            /** @description Only grows; the event ID of the stream. */
            version: number;
            /** Format: date-time */
            acceptedAt: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            links: {
                self: string;
                stream: string;
                /** @description Staff only: its runs in Temporal's Web UI. */
                workflow?: string;
            };
        };
        ClaimLine: {
            lineId: string;
            /** @enum {string} */
            kind: "ITEM" | "CURRENCY" | "POINTS" | "COUPON";
            name: string;
            quantity: number;
            /** @enum {string} */
            state: "PENDING" | "GRANTED" | "REVOKED" | "CANCELLED";
            /** Format: date-time */
            grantedAt: string | null;
        };
        ClaimStep: {
            /** @enum {string} */
            step: "S0_ACCEPT" | "S1_VALIDATE" | "S2_CONDITIONS" | "S3_RESERVE" | "S4_FULFIL" | "S5_SETTLE" | "UNDO_FULFIL" | "UNDO_RESERVE" | "UNDO_ENTITLEMENT";
            /** @enum {string} */
            outcome: "OK" | "SKIPPED" | "REFUSED" | "FAILED" | "PARKED" | "STOPPED";
            /** Format: date-time */
            startedAt: string;
            /** Format: date-time */
            endedAt: string;
            attempts: number;
            detail: string | null;
        };
        /** @description Why a claim was refused as `CONDITION_NOT_MET`; others have none. */
        ClaimExplanation: {
            condition?: components["schemas"]["ExplainedCondition"];
            /**
             * Format: date-time
             * @description The moment of the claim’s acceptance.
             */
            judgedFor: string;
            /** @description What is done from `startsAt` until before `endsAt` counts; claims are taken until before `claimableUntil`. */
            window: {
                /** Format: date-time */
                startsAt: string;
                /** Format: date-time */
                endsAt: string;
                /** Format: date-time */
                claimableUntil: string;
            };
            /** @description The period that the claim is in; after the play window, the last one of that window. */
            period: {
                /** @example 2026-11-22 */
                key: string;
                /**
                 * Format: date-time
                 * @description Null for `ONCE`.
                 */
                startsAt: string | null;
                /**
                 * Format: date-time
                 * @description When the next one begins; null where none does: for `ONCE`, and for the last of the play window.
                 */
                endsAt: string | null;
            };
            rewards: {
                rewardId: string;
                /** @description Units left; null for unlimited. */
                available: number | null;
            }[];
        };
        /** @description Staff only. */
        ClaimForStaff: {
            next: {
                /**
                 * @description What happens next. `PARKED_THEN_RETRY` and `PARKED_THEN_ABORT`: by itself, unless an admin decides before `at`; `RETRY` and `ABORT`: an admin has decided so.
                 * @enum {string}
                 */
                what: "NOTHING" | "VALIDATE" | "CHECK_CONDITION" | "RESERVE" | "ASK_PROVIDER" | "SETTLE" | "UNDO" | "PARKED_UNTIL_DECIDED" | "PARKED_THEN_RETRY" | "PARKED_THEN_ABORT" | "RETRY" | "ABORT";
                /**
                 * Format: date-time
                 * @description When, where that is known.
                 */
                at: string | null;
            };
            /** @description The event as it was when the claim was accepted. */
            judgedBy: {
                eventVersion: number;
                provider: string;
                /** @description What is done from `startsAt` until before `endsAt` counts; claims are taken until before `claimableUntil`. */
                window: {
                    /** Format: date-time */
                    startsAt: string;
                    /** Format: date-time */
                    endsAt: string;
                    /** Format: date-time */
                    claimableUntil: string;
                };
                /** @description The bounds of the claim’s period; null for an event without a condition. */
                period: {
                    /** @example 2026-11-22 */
                    key: string;
                    /**
                     * Format: date-time
                     * @description Null for `ONCE`.
                     */
                    startsAt: string | null;
                    /**
                     * Format: date-time
                     * @description When the next one begins; null where none does: for `ONCE`, and for the last of the play window.
                     */
                    endsAt: string | null;
                } | null;
                condition?: components["schemas"]["Condition"] | null;
                parkedAfter: {
                    /** @enum {string} */
                    action: "RETRY" | "ABORT" | "WAIT";
                    hours: number;
                };
            };
            lines: {
                lineId: string;
                /** @description Its ID at the provider. */
                grantId: string;
                /** @description Why it is not granted, as its provider or our call to it said. */
                providerSaid: string | null;
            }[];
            /** @description The last one; null if it never was. */
            parking: {
                /** @description Counts the stays of this claim, from 1. */
                number: number;
                /** @enum {string} */
                reason: "USER_NOT_ACTIVE" | "EVENT_NOT_OPEN" | "ALREADY_CLAIMED" | "CONDITION_NOT_MET" | "SOLD_OUT" | "FULFILLMENT_REFUSED" | "FULFILLMENT_UNAVAILABLE" | "FULFILLMENT_UNKNOWN" | "COMPENSATION_FAILED" | "ABORTED_BY_ADMIN" | "INTERNAL";
                detail: string;
                /** @enum {string} */
                step: "S0_ACCEPT" | "S1_VALIDATE" | "S2_CONDITIONS" | "S3_RESERVE" | "S4_FULFIL" | "S5_SETTLE" | "UNDO_FULFIL" | "UNDO_RESERVE" | "UNDO_ENTITLEMENT";
                /** Format: date-time */
                at: string;
                decision: {
                    /** @enum {string} */
                    action: "RETRY" | "ABORT";
                    note: string | null;
                    by: string;
                    /** Format: date-time */
                    at: string;
                } | null;
            } | null;
            /** @description Its trace, where tracing was on when it was accepted. */
            traceId?: string;
        };
        ClaimGroups: {
            groups: {
                /** @enum {string} */
                state?: "PENDING_VALIDATION" | "CHECKING_CONDITIONS" | "RESERVING_STOCK" | "FULFILLING" | "GRANTED" | "COMPENSATING" | "NEEDS_ATTENTION" | "REJECTED" | "FAILED";
                /** @enum {string|null} */
                reason?: "USER_NOT_ACTIVE" | "EVENT_NOT_OPEN" | "ALREADY_CLAIMED" | "CONDITION_NOT_MET" | "SOLD_OUT" | "FULFILLMENT_REFUSED" | "FULFILLMENT_UNAVAILABLE" | "FULFILLMENT_UNKNOWN" | "COMPENSATION_FAILED" | "ABORTED_BY_ADMIN" | "INTERNAL" | null;
                eventId?: string;
                provider?: string;
                count: number;
                /**
                 * Format: date-time
                 * @description When the first was created.
                 */
                oldestAt: string;
            }[];
        };
        ClaimRequest: {
            rewardId?: string;
        };
        Note: {
            note?: string;
        };
        Grant: {
            grantId: string;
            claimId: string;
            lineId: string;
            eventId: string;
            userId: string;
            /** @enum {string} */
            kind: "ITEM" | "CURRENCY" | "POINTS" | "COUPON";
            name: string;
            quantity: number;
            /** Format: date-time */
            grantedAt: string;
        };
        ReconciliationRun: {
            /** Format: date-time */
            startedAt: string;
            /** Format: date-time */
            endedAt: string;
            mended: {
                runsStarted: number;
                decisionsSent: number;
                claimsStopped: number;
                parkingsExpired: number;
                holdsFreed: number;
            };
            /** @description What could not be done in this run. */
            failures: number;
            /** @description Stock buckets whose books did not add up. There must be none. */
            unbalanced: string[];
        };
        RewardBooks: {
            eventId: string;
            /** @description The event's. */
            title: string;
            rewardId: string;
            stock: number;
            available: number;
            held: number;
            granted: number;
            /** @description `stock = available + held + granted` */
            holds: boolean;
        };
        AuditEntry: {
            /** @description Counts from 1 without gaps. */
            seq: number;
            /** Format: date-time */
            at: string;
            actorId: string;
            /** @enum {string} */
            actorRole: "PLAYER" | "SUPPORT" | "OPERATOR" | "AUDITOR" | "ADMIN" | "GAME_SERVER";
            /** @enum {string} */
            action: "user.update" | "user.erase" | "user.password_changed" | "user.password_reset" | "user.totp_enabled" | "user.totp_disabled" | "user.totp_removed" | "service_account.create" | "service_key.create" | "service_key.delete" | "event.create" | "event.update" | "event.restock" | "event.delete" | "claim.retry" | "claim.abort" | "claims.retry" | "claims.abort" | "operation.stop";
            targetId: string;
            /** @description Null where there was nothing. */
            before?: unknown;
            /** @description Null where there is nothing any more. */
            after?: unknown;
            requestId: string;
            /** @description The address of the client. Null where no HTTP request made the change. */
            from: string | null;
            /** @description The hash of the entry before. */
            previous: string;
            /** @description SHA-256 over the entry and `previous`. */
            hash: string;
            /** @description Whose personal data is in `before` and `after`, until it is erased. The hash covers its digest, so the chain stays whole. */
            personal: {
                of: string;
                digest: string;
                erased: boolean;
            }[];
        };
        AuditVerification: {
            /** @description Whether nothing wrong was found. */
            whole: boolean;
            /** @description Entries in the log. */
            entries: number;
            /** @description The entry up to which the chain is checked and whole. Where `whole` is false, the next one is wrong or missing. */
            through: number;
            /** Format: date-time */
            checkedAt: string;
        };
        BulkPreview: {
            matches: number;
            /** @description The largest first. */
            groups: {
                /** @enum {string|null} */
                reason: "USER_NOT_ACTIVE" | "EVENT_NOT_OPEN" | "ALREADY_CLAIMED" | "CONDITION_NOT_MET" | "SOLD_OUT" | "FULFILLMENT_REFUSED" | "FULFILLMENT_UNAVAILABLE" | "FULFILLMENT_UNKNOWN" | "COMPENSATION_FAILED" | "ABORTED_BY_ADMIN" | "INTERNAL" | null;
                eventId: string;
                provider: string;
                count: number;
            }[];
            /** @description The claims that would be first. */
            sample: string[];
        };
        OperationStarted: {
            operationId: string;
        };
        BulkRequest: {
            eventId?: string;
            /** @enum {string} */
            reason?: "USER_NOT_ACTIVE" | "EVENT_NOT_OPEN" | "ALREADY_CLAIMED" | "CONDITION_NOT_MET" | "SOLD_OUT" | "FULFILLMENT_REFUSED" | "FULFILLMENT_UNAVAILABLE" | "FULFILLMENT_UNKNOWN" | "COMPENSATION_FAILED" | "ABORTED_BY_ADMIN" | "INTERNAL";
            provider?: string;
            /** Format: date-time */
            parkedBefore?: string;
            /** @description Must be true where nothing else says which claims. Beside `eventId`, `reason`, `provider` or `parkedBefore`, true is refused with 400, as it is not clear which of the two was meant. */
            all?: boolean;
            /** @description True changes nothing, and tells which claims it would be. */
            dryRun?: boolean;
            note?: string;
        };
        Operation: {
            operationId: string;
            /** @enum {string} */
            action: "RETRY" | "ABORT" | "ERASE";
            /** @description Which claims, as it was asked for. */
            filter: {
                eventId?: string;
                /** @enum {string} */
                reason?: "USER_NOT_ACTIVE" | "EVENT_NOT_OPEN" | "ALREADY_CLAIMED" | "CONDITION_NOT_MET" | "SOLD_OUT" | "FULFILLMENT_REFUSED" | "FULFILLMENT_UNAVAILABLE" | "FULFILLMENT_UNKNOWN" | "COMPENSATION_FAILED" | "ABORTED_BY_ADMIN" | "INTERNAL";
                provider?: string;
                /** Format: date-time */
                parkedBefore?: string;
                all?: boolean;
                /** @description The user whom `ERASE` erases. */
                userId?: string;
            };
            note: string | null;
            /** @description The ID of the admin who asked for it. */
            by: string;
            /** @enum {string} */
            state: "RUNNING" | "STOPPED" | "DONE";
            /** @description Claims that fitted when it was asked for. */
            total: number;
            /** @description Decided on by it, or by somebody in the same way. */
            done: number;
            /** @description Decided otherwise meanwhile, or parked no more when their turn came. */
            failed: number;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
        };
        Overview: {
            /**
             * Format: date-time
             * @description The moment this is said for.
             */
            at: string;
            /** @description What needs a person now; empty where nothing does. */
            attention: ("CLAIMS_PARKED" | "STOCK_DOES_NOT_ADD_UP" | "RECONCILIATION_LATE" | "RECONCILIATION_FAILED")[];
            parked: {
                count: number;
                /**
                 * Format: date-time
                 * @description Null for none, and where `groups` is null.
                 */
                oldestAt: string | null;
                /** @description By cause, the largest first, 100 at most; null where there are too many claims. */
                groups: {
                    /** @enum {string|null} */
                    reason: "USER_NOT_ACTIVE" | "EVENT_NOT_OPEN" | "ALREADY_CLAIMED" | "CONDITION_NOT_MET" | "SOLD_OUT" | "FULFILLMENT_REFUSED" | "FULFILLMENT_UNAVAILABLE" | "FULFILLMENT_UNKNOWN" | "COMPENSATION_FAILED" | "ABORTED_BY_ADMIN" | "INTERNAL" | null;
                    eventId: string;
                    provider: string;
                    count: number;
                    /**
                     * Format: date-time
                     * @description When the first of them was created.
                     */
                    oldestAt: string;
                }[] | null;
            };
            reconciliation: {
                /** @description Null where none ran in a week. */
                lastRun: {
                    /** Format: date-time */
                    startedAt: string;
                    /** Format: date-time */
                    endedAt: string;
                    /** @description What could not be done in this run. */
                    failures: number;
                    /** @description Stock buckets that did not add up. */
                    unbalanced: number;
                } | null;
                /** @description Three runs or more should have ended since. */
                isLate: boolean;
                /** @description False if the last run found a stock that does not add up, or the live events have one. */
                addsUp: boolean;
            };
            providers: {
                provider: string;
                /** @description Null where they are too many to be counted. */
                parked: number | null;
                /** Format: date-time */
                oldestParkedAt: string | null;
                /** @description As `claims.states`, of this provider. */
                lastHour: {
                    PENDING_VALIDATION?: number;
                    CHECKING_CONDITIONS?: number;
                    RESERVING_STOCK?: number;
                    FULFILLING?: number;
                    GRANTED?: number;
                    COMPENSATING?: number;
                    NEEDS_ATTENTION?: number;
                    REJECTED?: number;
                    FAILED?: number;
                } | null;
            }[];
            /** @description Those that take claims, newest first. */
            events: {
                eventId: string;
                title: string;
                /** Format: date-time */
                startsAt: string;
                /** Format: date-time */
                endsAt: string;
                /** Format: date-time */
                claimableUntil: string;
                timeZone: string;
                provider: string;
                rewards: {
                    rewardId: string;
                    name: string;
                    /** @description Null for unlimited. */
                    stock: number | null;
                    /** @description As `held` and `granted` null for unlimited, and beyond a thousand limited rewards in all. */
                    available: number | null;
                    held: number | null;
                    granted: number | null;
                    /** @description Units granted in the last ten minutes; null where they cannot be counted in time. */
                    grantedLately: number | null;
                    /** @description The rate of that, over what of the ten minutes the event was open. */
                    perMinute: number | null;
                    /**
                     * Format: date-time
                     * @description When the units run out at this rate; null where they do not, or are gone.
                     */
                    emptyAt: string | null;
                }[];
            }[];
            /** @description There are more live events than are shown. */
            moreEvents: boolean;
            claims: {
                /** Format: date-time */
                since: string;
                /** @description The claims created since then, by the state they are in; null where they are too many. */
                states: {
                    PENDING_VALIDATION?: number;
                    CHECKING_CONDITIONS?: number;
                    RESERVING_STOCK?: number;
                    FULFILLING?: number;
                    GRANTED?: number;
                    COMPENSATING?: number;
                    NEEDS_ATTENTION?: number;
                    REJECTED?: number;
                    FAILED?: number;
                } | null;
                reasons: {
                    /** @enum {string} */
                    state: "PENDING_VALIDATION" | "CHECKING_CONDITIONS" | "RESERVING_STOCK" | "FULFILLING" | "GRANTED" | "COMPENSATING" | "NEEDS_ATTENTION" | "REJECTED" | "FAILED";
                    /** @enum {string} */
                    reason: "USER_NOT_ACTIVE" | "EVENT_NOT_OPEN" | "ALREADY_CLAIMED" | "CONDITION_NOT_MET" | "SOLD_OUT" | "FULFILLMENT_REFUSED" | "FULFILLMENT_UNAVAILABLE" | "FULFILLMENT_UNKNOWN" | "COMPENSATION_FAILED" | "ABORTED_BY_ADMIN" | "INTERNAL";
                    count: number;
                }[] | null;
            };
        };
        ActivityOutcome: {
            /** @description New, and counted. */
            accepted: number;
            /** @description Seen before with the same content, and not counted again. */
            duplicates: number;
            /** @description Not counted, and why. The other events of the batch are. */
            rejected: {
                /** @description Its place in the batch, from 0. */
                index: number;
                message: string;
            }[];
        };
        ActivityBatch: {
            events: components["schemas"]["ActivityEvent"][];
        };
        ProviderCallback: {
            grantId: string;
            /** @enum {string} */
            state: "GRANTED" | "PENDING" | "REVOKED" | "REFUSED";
        };
        Jwks: {
            keys: ({
                kty: string;
            } & {
                [key: string]: unknown;
            })[];
        };
        Health: {
            /** @enum {string} */
            status: "ok";
        };
        Readiness: {
            /** @enum {string} */
            status: "ok" | "degraded" | "unavailable" | "starting" | "stopping";
            checks: {
                /** @enum {string} */
                mongodb: "ok" | "down";
                /** @enum {string} */
                temporal: "ok" | "down";
            };
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    register: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Registration"];
            };
        };
        responses: {
            /** @description The new user */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `username_taken`: The username is taken */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    login: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Credentials"];
            };
        };
        responses: {
            /** @description Tokens */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenPair"];
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid_credentials`: The username or the password is wrong; `mfa_required`: A second factor is needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    loginWithCode: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SecondStep"];
            };
        };
        responses: {
            /** @description Tokens */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenPair"];
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `invalid_credentials`: The username or the password is wrong; `mfa_required`: A second factor is needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    refreshTokens: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RefreshToken"];
            };
        };
        responses: {
            /** @description Tokens */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenPair"];
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    logout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RefreshToken"];
            };
        };
        responses: {
            /** @description Ended */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getProfile: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The signed-in user */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    changePassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordChange"];
            };
        };
        responses: {
            /** @description Changed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `invalid_credentials`: The username or the password is wrong; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `conflict`: The request conflicts with what stands */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    issuePasswordReset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The reset token */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadePasswordReset"];
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `conflict`: The request conflicts with what stands */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resetPassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordReset"];
            };
        };
        responses: {
            /** @description Set */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getTotp: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The second factor */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TotpState"];
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    beginTotp: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The secret. It is shown here only. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TotpEnrolment"];
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `conflict`: The request conflicts with what stands */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    removeTotp: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    confirmTotp: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TotpConfirmation"];
            };
        };
        responses: {
            /** @description It is in use */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TotpConfirmed"];
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `invalid_credentials`: The username or the password is wrong; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `conflict`: The request conflicts with what stands */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    removeTotpOfUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    beginSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Credentials"];
            };
        };
        responses: {
            /** @description An access token; the refresh token is in the cookie */
            200: {
                headers: {
                    /** @description `__Host-laurel`: `HttpOnly`, `Secure`, `SameSite=Strict` */
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccessToken"];
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid_credentials`: The username or the password is wrong; `mfa_required`: A second factor is needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    endSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ended */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    beginSessionWithCode: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SecondStep"];
            };
        };
        responses: {
            /** @description An access token; the refresh token is in the cookie */
            200: {
                headers: {
                    /** @description `__Host-laurel`: `HttpOnly`, `Secure`, `SameSite=Strict` */
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccessToken"];
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `invalid_credentials`: The username or the password is wrong; `mfa_required`: A second factor is needed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    refreshSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An access token; the refresh token is in the cookie */
            200: {
                headers: {
                    /** @description `__Host-laurel`: `HttpOnly`, `Secure`, `SameSite=Strict` */
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccessToken"];
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listUsers: {
        parameters: {
            query?: {
                /** @description The whole name, in any letter case. */
                username?: string;
                role?: "PLAYER" | "SUPPORT" | "OPERATOR" | "AUDITOR" | "ADMIN" | "GAME_SERVER";
                status?: "ACTIVE" | "SUSPENDED" | "BANNED" | "WITHDRAWN";
                /** @description A whole external ID: `ext:{issuer name}:{subject}`. */
                externalId?: string;
                /** @description The beginning of a username, in any letter case, a whole ID or a whole external ID. Sorted by name. */
                query?: string;
                /** @description The `nextCursor` of the page before; opaque. */
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of users */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["User"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description A user’s ID, or an external one: `ext:{issuer name}:{subject}`. */
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    updateUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description A user’s ID, or an external one: `ext:{issuer name}:{subject}`. */
                userId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserChange"];
            };
        };
        responses: {
            /** @description The user as they are now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `conflict`: The request conflicts with what stands */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listProgress: {
        parameters: {
            query?: {
                /** @description The `nextCursor` of the page before; opaque. */
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path: {
                /** @description A user’s ID, or an external one: `ext:{issuer name}:{subject}`. */
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of totals, sorted by metric and key */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Progress"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    exportUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The records */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": string;
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    eraseUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description Under way */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErasureStarted"];
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `conflict`: The request conflicts with what stands */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listPersonalReads: {
        parameters: {
            query?: {
                /** @description A user’s ID, or an external one: `ext:{issuer name}:{subject}`. */
                userId?: string;
                /** @description A user’s ID, or an external one: `ext:{issuer name}:{subject}`. */
                actorId?: string;
                /** @description Read at or after this moment. */
                from?: string;
                /** @description Read before this moment. */
                to?: string;
                /** @description The `nextCursor` of the page before; opaque. */
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of entries */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["PersonalRead"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listServiceAccounts: {
        parameters: {
            query?: {
                /** @description The `nextCursor` of the page before; opaque. */
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of accounts */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ServiceAccount"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createServiceAccount: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewServiceAccount"];
            };
        };
        responses: {
            /** @description The new account */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceAccount"];
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `username_taken`: The username is taken */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listServiceKeys: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All keys: two at most */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ServiceKey"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createServiceKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["NewServiceKey"];
            };
        };
        responses: {
            /** @description The new key */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeServiceKey"];
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `conflict`: The request conflicts with what stands */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteServiceKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                userId: string;
                keyId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listEvents: {
        parameters: {
            query?: {
                status?: "DRAFT" | "ACTIVE" | "PAUSED" | "ENDED";
                /** @description The `nextCursor` of the page before; opaque. */
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of events */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Event"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createEvent: {
        parameters: {
            query?: never;
            header?: {
                /** @description 1–255 printable ASCII characters; a quoted string (RFC 8941) is unquoted. `X-Idempotency-Key` means the same, and may be sent instead. A key is no place for personal data: it is kept for good, also after an erasure, and it is part of the name of a workflow. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewEvent"];
            };
        };
        responses: {
            /** @description The event, with its `ETag` */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Event"];
                };
            };
            /** @description `invalid_request`: The request is not valid; `idempotency_key_missing`: The idempotency key is missing; `idempotency_key_invalid`: The idempotency key is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `conflict`: The request conflicts with what stands */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `idempotency_key_reused`: The idempotency key belongs to another request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getEvent: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of a copy at hand. */
                "If-None-Match"?: string;
            };
            path: {
                eventId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The event, with its `ETag` */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Event"];
                };
            };
            /** @description The copy is the event as it is */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteEvent: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` that was read: 412 where the event has changed since. */
                "If-Match"?: string;
            };
            path: {
                eventId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `conflict`: The request conflicts with what stands */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `version_mismatch`: The version has changed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    updateEvent: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` that was read: 412 where the event has changed since. */
                "If-Match"?: string;
            };
            path: {
                eventId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EventPatch"];
            };
        };
        responses: {
            /** @description The event as it is now, with its `ETag` */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Event"];
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `conflict`: The request conflicts with what stands; `invalid_transition`: The state does not allow this */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `version_mismatch`: The version has changed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getEventStats: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                eventId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Its numbers */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventStats"];
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cloneEvent: {
        parameters: {
            query?: never;
            header?: {
                /** @description 1–255 printable ASCII characters; a quoted string (RFC 8941) is unquoted. `X-Idempotency-Key` means the same, and may be sent instead. A key is no place for personal data: it is kept for good, also after an erasure, and it is part of the name of a workflow. */
                "Idempotency-Key"?: string;
            };
            path: {
                eventId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EventClone"];
            };
        };
        responses: {
            /** @description The draft, with its `ETag` */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Event"];
                };
            };
            /** @description `invalid_request`: The request is not valid; `idempotency_key_missing`: The idempotency key is missing; `idempotency_key_invalid`: The idempotency key is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `conflict`: The request conflicts with what stands */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `idempotency_key_reused`: The idempotency key belongs to another request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    addStock: {
        parameters: {
            query?: never;
            header: {
                /** @description 1–255 printable ASCII characters; a quoted string (RFC 8941) is unquoted. `X-Idempotency-Key` means the same, and may be sent instead. A key is no place for personal data: it is kept for good, also after an erasure, and it is part of the name of a workflow. */
                "Idempotency-Key": string;
            };
            path: {
                eventId: string;
                rewardId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Restock"];
            };
        };
        responses: {
            /** @description The stock after this call */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StockLevels"];
                };
            };
            /** @description `invalid_request`: The request is not valid; `idempotency_key_missing`: The idempotency key is missing; `idempotency_key_invalid`: The idempotency key is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `conflict`: The request conflicts with what stands */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `idempotency_key_reused`: The idempotency key belongs to another request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listEventVersions: {
        parameters: {
            query?: {
                /** @description The `nextCursor` of the page before; opaque. */
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path: {
                eventId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of versions */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["EventVersion"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getEligibility: {
        parameters: {
            query?: {
                /** @description The player, for staff, who must name one. A player names nobody else. A user’s ID, or an external one: `ext:{issuer name}:{subject}`. */
                userId?: string;
            };
            header?: never;
            path: {
                eventId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What a claim would meet now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Eligibility"];
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listClaims: {
        parameters: {
            query?: {
                /** @description Staff only; a player always gets their own. A user’s ID, or an external one: `ext:{issuer name}:{subject}`. */
                userId?: string;
                eventId?: string;
                state?: "PENDING_VALIDATION" | "CHECKING_CONDITIONS" | "RESERVING_STOCK" | "FULFILLING" | "GRANTED" | "COMPENSATING" | "NEEDS_ATTENTION" | "REJECTED" | "FAILED";
                reason?: "USER_NOT_ACTIVE" | "EVENT_NOT_OPEN" | "ALREADY_CLAIMED" | "CONDITION_NOT_MET" | "SOLD_OUT" | "FULFILLMENT_REFUSED" | "FULFILLMENT_UNAVAILABLE" | "FULFILLMENT_UNKNOWN" | "COMPENSATION_FAILED" | "ABORTED_BY_ADMIN" | "INTERNAL";
                provider?: string;
                /** @description Claims with a line of this reward. */
                rewardId?: string;
                periodKey?: string;
                idempotencyKey?: string;
                /** @description Created at or after this moment. */
                from?: string;
                /** @description Created before this moment. */
                to?: string;
                /** @description The `nextCursor` of the page before; opaque. */
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of claims */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Claim"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    summarizeClaims: {
        parameters: {
            query?: {
                /** @description What to count by, separated by commas. */
                by?: ("state" | "reason" | "eventId" | "provider")[];
                /** @description A user’s ID, or an external one: `ext:{issuer name}:{subject}`. */
                userId?: string;
                eventId?: string;
                state?: "PENDING_VALIDATION" | "CHECKING_CONDITIONS" | "RESERVING_STOCK" | "FULFILLING" | "GRANTED" | "COMPENSATING" | "NEEDS_ATTENTION" | "REJECTED" | "FAILED";
                reason?: "USER_NOT_ACTIVE" | "EVENT_NOT_OPEN" | "ALREADY_CLAIMED" | "CONDITION_NOT_MET" | "SOLD_OUT" | "FULFILLMENT_REFUSED" | "FULFILLMENT_UNAVAILABLE" | "FULFILLMENT_UNKNOWN" | "COMPENSATION_FAILED" | "ABORTED_BY_ADMIN" | "INTERNAL";
                provider?: string;
                /** @description Claims with a line of this reward. */
                rewardId?: string;
                periodKey?: string;
                idempotencyKey?: string;
                /** @description Created at or after this moment. */
                from?: string;
                /** @description Created before this moment. */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The groups, with the fields of `by` */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClaimGroups"];
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    makeClaim: {
        parameters: {
            query?: never;
            header: {
                /** @description 1–255 printable ASCII characters; a quoted string (RFC 8941) is unquoted. `X-Idempotency-Key` means the same, and may be sent instead. A key is no place for personal data: it is kept for good, also after an erasure, and it is part of the name of a workflow. */
                "Idempotency-Key": string;
                /** @description `wait=N`: wait up to N (30 at most) seconds for the final state (RFC 7240). Who has too many waits and streams open is answered at once, without `Preference-Applied`. */
                Prefer?: string;
            };
            path: {
                eventId: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ClaimRequest"];
            };
        };
        responses: {
            /** @description The claim, which is final */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Claim"];
                };
            };
            /** @description The claim, which runs or is parked */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Claim"];
                };
            };
            /** @description `invalid_request`: The request is not valid; `idempotency_key_missing`: The idempotency key is missing; `idempotency_key_invalid`: The idempotency key is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `event_not_open`: The event takes no claims now; `sold_out`: The reward is sold out; `already_claimed`: Already claimed */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `idempotency_key_reused`: The idempotency key belongs to another request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getClaim: {
        parameters: {
            query?: never;
            header?: {
                /** @description `wait=N`: wait up to N (30 at most) seconds for the final state (RFC 7240). Who has too many waits and streams open is answered at once, without `Preference-Applied`. */
                Prefer?: string;
            };
            path: {
                claimId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The claim */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Claim"];
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    streamClaim: {
        parameters: {
            query?: never;
            header?: {
                "Last-Event-ID"?: string;
            };
            path: {
                claimId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Events named `claim`, each with the claim as its data */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description The final state was sent before: do not come back */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    retryClaim: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                claimId: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Note"];
            };
        };
        responses: {
            /** @description The claim, about to go on */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Claim"];
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid_transition`: The state does not allow this */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    abortClaim: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                claimId: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Note"];
            };
        };
        responses: {
            /** @description The claim, about to go on */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Claim"];
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid_transition`: The state does not allow this */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listGrants: {
        parameters: {
            query?: {
                /** @description Staff only; a player always gets their own. A user’s ID, or an external one: `ext:{issuer name}:{subject}`. */
                userId?: string;
                eventId?: string;
                /** @description Granted at or after this moment. */
                from?: string;
                /** @description Granted before this moment. */
                to?: string;
                /** @description The `nextCursor` of the page before; opaque. */
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of grants */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Grant"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getReconciliation: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The last runs, the newest first, and the books of each limited reward */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Whether each reward shown holds the invariant, and the last run found no other. */
                        addsUp: boolean;
                        runs: components["schemas"]["ReconciliationRun"][];
                        invariant: components["schemas"]["RewardBooks"][];
                    };
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listAuditEntries: {
        parameters: {
            query?: {
                /** @description A user’s ID, or an external one: `ext:{issuer name}:{subject}`. */
                actorId?: string;
                action?: "user.update" | "user.erase" | "user.password_changed" | "user.password_reset" | "user.totp_enabled" | "user.totp_disabled" | "user.totp_removed" | "service_account.create" | "service_key.create" | "service_key.delete" | "event.create" | "event.update" | "event.restock" | "event.delete" | "claim.retry" | "claim.abort" | "claims.retry" | "claims.abort" | "operation.stop";
                /** @description The ID of what was changed; of a user also an external one. */
                targetId?: string;
                /** @description Made at or after this moment. */
                from?: string;
                /** @description Made before this moment. */
                to?: string;
                /** @description The `nextCursor` of the page before; opaque. */
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of entries, or all of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["AuditEntry"][];
                        nextCursor: string | null;
                    };
                    "application/x-ndjson": string;
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getAuditVerification: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The last check */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditVerification"];
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    retryClaims: {
        parameters: {
            query?: never;
            header: {
                /** @description 1–255 printable ASCII characters; a quoted string (RFC 8941) is unquoted. `X-Idempotency-Key` means the same, and may be sent instead. A key is no place for personal data: it is kept for good, also after an erasure, and it is part of the name of a workflow. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BulkRequest"];
            };
        };
        responses: {
            /** @description What it would be about, of a dry run */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkPreview"];
                };
            };
            /** @description Under way */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationStarted"];
                };
            };
            /** @description `invalid_request`: The request is not valid; `idempotency_key_missing`: The idempotency key is missing; `idempotency_key_invalid`: The idempotency key is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `idempotency_key_reused`: The idempotency key belongs to another request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    abortClaims: {
        parameters: {
            query?: never;
            header: {
                /** @description 1–255 printable ASCII characters; a quoted string (RFC 8941) is unquoted. `X-Idempotency-Key` means the same, and may be sent instead. A key is no place for personal data: it is kept for good, also after an erasure, and it is part of the name of a workflow. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BulkRequest"];
            };
        };
        responses: {
            /** @description What it would be about, of a dry run */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkPreview"];
                };
            };
            /** @description Under way */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationStarted"];
                };
            };
            /** @description `invalid_request`: The request is not valid; `idempotency_key_missing`: The idempotency key is missing; `idempotency_key_invalid`: The idempotency key is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `idempotency_key_reused`: The idempotency key belongs to another request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listOperations: {
        parameters: {
            query?: {
                state?: "RUNNING" | "STOPPED" | "DONE";
                /** @description The `nextCursor` of the page before; opaque. */
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of bulk actions */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Operation"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getOperation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                operationId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bulk action */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stopOperation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                operationId: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description The bulk action, stopped */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid_transition`: The state does not allow this */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getOverview: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The overview */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Overview"];
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    streamOverview: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Events named `overview`, each with the whole overview as its data */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    countPlayerEvents: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ActivityBatch"];
            };
        };
        responses: {
            /** @description What became of each event; look at `rejected`. A batch may be sent again as it is */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActivityOutcome"];
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first; `token_expired`: The access token has expired */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: Your role does not allow this; `user_not_active`: The user is not active */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    receiveProviderCallback: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                provider: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProviderCallback"];
            };
        };
        responses: {
            /** @description Heard */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {boolean} */
                        received: true;
                    };
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: Sign in first */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large`: The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The media type is not supported */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: Not available for now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getPublicKeys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A JWK set (RFC 7517) */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Jwks"];
                };
            };
            /** @description It is what `If-None-Match` names */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It does */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getReadiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description `degraded` without Temporal: claims are accepted and start later */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable` without MongoDB; `starting` until every index is there; `stopping` once the process was told to: it serves on for `DRAIN_S` seconds, so that traffic goes elsewhere first */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
        };
    };
    getMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description In the text format */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getDescription: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OpenAPI 3.1 */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        openapi: string;
                    } & {
                        [key: string]: unknown;
                    };
                };
            };
            /** @description It is what `If-None-Match` names */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getDocsPage: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description It is what `If-None-Match` names */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
