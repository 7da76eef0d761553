/** What a request carries from one middleware to the next. */
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

// A type, not an interface: hono wants an index signature here.
export type ApiEnv = {
  /** Missing where no server is in front, as in tests. */
  Bindings: Partial<HttpBindings> & {
    /** Why a request is refused that should not have come this far. */
    refusal?: Refusal;
  };
  Variables: {
    requestId: string;
    client: Client;
    /** Set by `requireUser`; reading it on a route without that is a mistake of ours. */
    user: AuthenticatedUser;
    /** What they showed; set with `user`. */
    token: Verified;
    /** Drops the body before the request is over, for who goes on for long; set where there is one. */
    letGoOfBody?: () => void;
  };
};
