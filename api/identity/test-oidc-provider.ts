/** For tests: a real OpenID provider in this process, which gives its clients JWT access tokens. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type JWK as ProviderJwk } from 'oidc-provider';
import { testKey } from '../test-app.ts';
import type { IssuerSettings } from './issuers.ts';

const AUDIENCE = 'laurel';
const SECRET = 'of this test alone';
const RESOURCE = 'urn:laurel';

export type TestOpenIdProvider = Awaited<ReturnType<typeof startOpenIdProvider>>;

/**
 * Starts it on a free port of this machine.
 * @param groups the groups of each client, by the client's ID
 */
export async function startOpenIdProvider(name: string, groups: Record<string, string[]>) {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const keys = [
    { ...(await testKey('ES256')), alg: 'ES256', use: 'sig', kid: 'es' },
    { ...(await testKey('EdDSA')), alg: 'EdDSA', use: 'sig', kid: 'ed' },
  ] as ProviderJwk[];
  const provider = new Provider(issuer, {
    clients: Object.keys(groups).map((client_id) => ({
      ...{ client_id, client_secret: SECRET },
      id_token_signed_response_alg: 'ES256',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    })),
    jwks: { keys },
    cookies: { keys: [SECRET] },
    extraTokenClaims: (_, token) => ({
      groups: 'clientId' in token ? groups[String(token.clientId)] : [],
    }),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, resource) => ({
          scope: '',
          audience: resource === RESOURCE ? AUDIENCE : resource,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  });
  server.on('request', provider.callback());
  const settings: IssuerSettings = {
    ...{ name, issuer, jwksUrl: `${issuer}/jwks`, audience: AUDIENCE },
    algorithms: ['ES256'],
  };

  return {
    settings,
    /** An access token of the client. @param resource what it is for; Laurel unless given */
    async token(clientId: string, resource = RESOURCE): Promise<string> {
      const basic = Buffer.from(`${clientId}:${encodeURIComponent(SECRET)}`).toString('base64');
      const answer = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${basic}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', resource }),
      });
      const body = (await answer.json()) as { access_token?: string };
      if (body.access_token === undefined) throw new Error(JSON.stringify(body));
      return body.access_token;
    },
    async close(): Promise<void> {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
