/** A real OpenID provider (`oidc-provider`) on this machine: anybody signs in there by their name. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';

/** Redirects and forms of one sign-in, at most. */
const MOST_STEPS = 20;

/** Somebody with an account there. */
interface Account {
  name?: string;
  groups: string[];
}

export interface OpenIdProvider {
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** The accounts, by the name that they sign in with. It may grow. */
  accounts: Map<string, Account>;
  close(): Promise<void>;
}

/**
 * Starts it.
 * @param callbackUrls where it may send a browser back to, on this machine, at any port (RFC 8252,
 *   section 7.3)
 */
export async function startOpenIdProvider(callbackUrls: string[]): Promise<OpenIdProvider> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const [clientId, clientSecret] = ['laurel', 'a secret that only the two of them know'];
  const accounts = new Map<string, Account>();
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        application_type: 'native',
        redirect_uris: callbackUrls,
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    scopes: ['openid', 'profile'],
    claims: { openid: ['sub'], profile: ['name', 'groups'] },
    // A studio's provider says the groups in the ID token, too.
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    cookies: { keys: ['of this test alone'] },
    features: { devInteractions: { enabled: true } },
    findAccount: (_, id) => ({
      accountId: id,
      claims: async () => ({ sub: id, ...(accounts.get(id) ?? { groups: [] }) }),
    }),
  });
  server.on('request', provider.callback());
  return {
    ...{ issuer, clientId, clientSecret, accounts },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/**
 * Signs in at the provider as a person with a browser does, and agrees to everything.
 * @param url where Laurel sent the browser
 * @returns where the provider sends the browser back to
 */
export async function signInAtProvider(url: string, login: string): Promise<URL> {
  const cookies = new Map<string, string>();
  let next = new URL(url);
  let form: URLSearchParams | undefined;
  for (let step = 0; step < MOST_STEPS; step++) {
    const answer = await fetch(next, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form && { method: 'POST', body: form }),
    });
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      cookies.set(name, value);
    }
    const location = answer.headers.get('location');
    const text = await answer.text();
    if (location !== null) {
      form = undefined;
      const to = new URL(location, next);
      if (to.origin !== new URL(url).origin) return to;
      next = to;
    } else {
      const [, prompt] = /name="prompt" value="(\w+)"/.exec(text) ?? [];
      if (prompt === undefined) throw new Error(`the provider answered ${answer.status}: ${text}`);
      form = new URLSearchParams({ prompt, login, password: 'any' });
    }
  }
  throw new Error('the provider does not come to an end');
}
