/**
 * Staff sign in at the studio's own OpenID provider: the authorization code flow with PKCE, `state`
 * and `nonce` (OpenID Connect Core 1.0, RFC 7636, RFC 9207), by the library `openid-client`.
 */
import * as client from 'openid-client';
import { DomainError } from '../../domain/errors.ts';
import { readText } from '../../domain/text.ts';
import { DISPLAY_NAME_LENGTH, type Role } from '../../domain/user.ts';
import type { StaffOidc } from '../../process/trusted-issuers.ts';
import { roleOf } from './role-mapping.ts';

/** How long one call to the provider may take, in seconds. */
const TIMEOUT_S = 10;

/** What a browser keeps, in a cookie, from the start of a sign-in to its end. */
export interface PendingSignIn {
  state: string;
  nonce: string;
  verifier: string;
  /** Where in the console the person was. */
  returnTo: string;
}

/** Who signed in, as the provider says. */
export interface StaffIdentity {
  subject: string;
  /** The name to show; the subject where the provider says none. */
  displayName: string;
  role: Role;
}

export type StaffSignIn = ReturnType<typeof createStaffSignIn>;

/** @param settings what `STAFF_OIDC` says */
export function createStaffSignIn(settings: StaffOidc) {
  let discovering: Promise<client.Configuration> | undefined;

  /** What the provider says of itself, read once. A failure is not kept. */
  const provider = () => {
    discovering ??= discover(settings).catch((error: unknown) => {
      discovering = undefined;
      throw away(error);
    });
    return discovering;
  };

  return {
    /**
     * Begins a sign-in.
     * @param callbackUrl where the provider is to send the browser back; it must be registered there
     * @returns the provider's address, and what the browser must keep until it is back
     * @throws DomainError `unavailable`
     */
    async begin(
      callbackUrl: string,
      returnTo: string,
    ): Promise<{ url: URL; pending: PendingSignIn }> {
      const configuration = await provider();
      const verifier = client.randomPKCECodeVerifier();
      const pending = {
        state: client.randomState(),
        nonce: client.randomNonce(),
        verifier,
        returnTo,
      };
      const url = client.buildAuthorizationUrl(configuration, {
        redirect_uri: callbackUrl,
        scope: settings.scope,
        state: pending.state,
        nonce: pending.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      });
      return { url, pending };
    },

    /**
     * Ends a sign-in: trades the code for an ID token, and checks that token.
     * @param answer the address with which the browser came back
     * @throws DomainError `unauthenticated` for anything that does not fit; `forbidden` for somebody
     *   without a role here; `unavailable`
     */
    async end(answer: URL, pending: PendingSignIn): Promise<StaffIdentity> {
      const configuration = await provider();
      const tokens = await client
        .authorizationCodeGrant(configuration, answer, {
          expectedState: pending.state,
          expectedNonce: pending.nonce,
          pkceCodeVerifier: pending.verifier,
          idTokenExpected: true,
        })
        .catch((error: unknown) => {
          throw isAway(error) ? away(error) : refused(error);
        });
      const claims = tokens.claims();
      if (!claims) throw refused(new Error('There is no ID token.'));
      const role = roleOf(claims, settings.roles);
      if (role === undefined) {
        throw new DomainError('forbidden', 'Your account has no role here. Ask an admin.');
      }
      const { sub: subject, name, preferred_username: login } = claims;
      return { subject, displayName: [name, login].map(shown).find(Boolean) ?? subject, role };
    },
  };
}

/** A name as the provider says it, where it can be shown. */
function shown(name: unknown): string | undefined {
  const read = typeof name === 'string' ? readText(name, 'NAME', DISPLAY_NAME_LENGTH) : undefined;
  return read && 'text' in read ? read.text : undefined;
}

async function discover({ issuer, clientId, clientSecret }: StaffOidc) {
  const url = new URL(issuer);
  // The configuration takes plain HTTP for a loopback host alone.
  const insecure = url.protocol === 'http:' ? [client.allowInsecureRequests] : [];
  return await client.discovery(url, clientId, clientSecret, undefined, {
    // The ID token's signature too, although it came straight from the provider.
    execute: [...insecure, client.enableNonRepudiationChecks],
    timeout: TIMEOUT_S,
  });
}

/** Whether the provider could not be reached, or did not answer as a provider. */
function isAway(error: unknown): boolean {
  const { name, cause } = error as Error;
  const isOf5xx = cause instanceof Response && cause.status >= 500;
  return error instanceof TypeError || name === 'TimeoutError' || isOf5xx;
}

const away = (cause: unknown) =>
  new DomainError('unavailable', 'The provider of staff accounts cannot be reached.', { cause });

const refused = (cause: unknown) =>
  new DomainError('unauthenticated', 'This sign-in does not fit. Begin again.', { cause });
