/** For tests: an issuer of tokens with a key set over HTTP, which can be away, slow or huge. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { importJWK, type JWK, SignJWT } from 'jose';
import { testKey } from '../test-app.ts';
import type { IssuerSettings } from './issuers.ts';

export type TestIssuer = Awaited<ReturnType<typeof startTestIssuer>>;

const withoutPrivate = ({ d: _, ...open }: JWK): JWK => open;

/** Life of a token, in seconds. */
const TTL_S = 300;

/** Starts it on a free port of this machine. @param name its name in `TRUSTED_ISSUERS` */
export async function startTestIssuer(name: string) {
  let keys: JWK[] = [{ ...(await testKey()), kid: `${name}-1` }];
  let answer: ((response: ServerResponse) => void) | undefined;
  let fetches = 0;
  let fetched = Promise.withResolvers<void>();
  const server = createServer((_, response) => {
    fetches += 1;
    fetched.resolve();
    if (answer) return answer(response);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ keys: keys.map(withoutPrivate) }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const settings: IssuerSettings = {
    ...{ name, issuer, jwksUrl: `${issuer}/jwks`, audience: 'laurel' },
    algorithms: ['EdDSA', 'ES256', 'RS256'],
  };

  return {
    settings,
    /** The private key that signs. */
    key: () => keys[0] as JWK,
    /** The key set as it is shown. */
    shown: () => JSON.stringify({ keys: keys.map(withoutPrivate) }),
    /** How often the key set was asked for. */
    fetches: () => fetches,
    /** Resolves at the next request for the key set. */
    async nextFetch(): Promise<void> {
      fetched = Promise.withResolvers();
      await fetched.promise;
    },
    /** From now on the key set is answered so; as it should be without a function. */
    answerWith(given?: typeof answer): void {
      answer = given;
    },
    setKeys(given: JWK[]): void {
      keys = given;
    },
    /** The claims of a genuine token. */
    claims(sub: string, now = new Date()) {
      const iat = Math.floor(now.getTime() / 1_000);
      return { iss: issuer, aud: 'laurel', sub, iat, exp: iat + TTL_S };
    },
    /** A genuine token. @param claims added to those it always has */
    async token(sub: string, claims: Record<string, unknown> = {}, now?: Date): Promise<string> {
      const [key] = keys as [JWK];
      const header = { alg: 'EdDSA', kid: key.kid ?? '' };
      const payload = { ...this.claims(sub, now), ...claims };
      return await new SignJWT(payload)
        .setProtectedHeader(header)
        .sign(await importJWK(key, 'EdDSA'));
    },
    async close(): Promise<void> {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
