/** The types of Hono's context: what middleware hands on to the handlers. */
import type { HttpBindings } from '@hono/node-server';
import type { Role, UserStatus } from '../domain/user.ts';
import type { Client } from './identity/client-address.ts';
import type { Verified } from './identity/tokens.ts';
import type { Refusal } from './problem.ts';

export interface AuthenticatedUser {
  userId: string;
  username: string;
  role: Role;
  status: UserStatus;
}

// A type and not an interface, because Hono needs an index signature here.
export type ApiEnv = {
  /** Empty without a server in front, as in tests. */
  Bindings: Partial<HttpBindings> & {
    /** Set on a request that was refused below the application: the answer to it. */
    refusal?: Refusal;
  };
  Variables: {
    requestId: string;
    client: Client;
    /** Set by the guards (`access`); a route without them must not read it. */
    user: AuthenticatedUser;
    /** The token that was shown; set with `user`. */
    token: Verified;
    /** When the answer to a claim was decided, on `performance.now()`: a preferred wait follows. */
    decidedAtMs?: number;
    /** Drops the body early, for a handler that goes on for long. Set with a body. */
    letGoOfBody?: () => void;
  };
};
