/** Claims by tokens of a trusted issuer, compared with claims by tokens of our own. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { grantTo } from './claims.ts';
import { ALL_CPU } from './closed-loop.ts';
import { type Collections, insertAll, makeEvent, newId } from './collections.ts';
import { costRatio, type Figures, ratio } from './figures.ts';
import type { BenchOptions } from './options.ts';
import { makePlayers, type Player, recordOf } from './players.ts';
import { runRounds, type Side } from './rounds.ts';
import { startBenchServers } from './servers.ts';
import { APART, type Stack, startStack } from './stack.ts';
import { withStops } from './stop-at-end.ts';

const OURS = 'claims by our tokens';
const THEIRS = 'claims by an issuer’s tokens';
const FIRST_SIGHT = 'claims by an issuer’s tokens, of players never seen';

const NAME = 'studio';
const AUDIENCE = 'laurel';

/** ES256 and not Ed25519, as that is what most issuers sign with beside RS256. */
const ALGORITHM = 'ES256';

/** Units of each round's event: more than are claimed. */
const STOCK = 1_000;

/** The part `issuers`. */
export async function benchIssuers(options: BenchOptions): Promise<Figures> {
  return await withStops(async (stopAtEnd) => {
    const { isShort, profileDir, say } = options;
    const issuer = stopAtEnd(await startIssuer());
    const servers = stopAtEnd(await startBenchServers({ temporal: true }, say));
    const env = { TRUSTED_ISSUERS: JSON.stringify([issuer.settings]) };
    const stack = stopAtEnd(await startStack(servers, APART, { profileDir, env }));
    const { collections, tokens } = stack;
    const load = isShort ? { clients: 4, count: 8 } : { clients: 50, count: 400 };
    const side = (name: string, players: (count: number) => Promise<Player[]>) =>
      claimSide(stack, name, load, players);
    const sides = [
      side(OURS, (count) => makePlayers(collections, tokens, count)),
      side(THEIRS, (count) => knownPlayers(collections, issuer, count)),
      side(FIRST_SIGHT, (count) => tokensOf(issuer, newSubjects(count))),
    ];
    const rows = await runRounds(sides, options);
    return {
      rows,
      checks: [ratio(rows, THEIRS, OURS, { atLeast: 0.9 })],
      notes: [costRatio(rows, THEIRS, OURS, ALL_CPU), costRatio(rows, FIRST_SIGHT, OURS, ALL_CPU)],
    };
  });
}

interface Load {
  clients: number;
  count: number;
}

function claimSide(
  stack: Stack,
  name: string,
  { clients, count }: Load,
  players: (count: number) => Promise<Player[]>,
): Side {
  return {
    name,
    unit: 'a second',
    run: async (isWarmUp) => {
      const { eventId } = await makeEvent(stack.collections, STOCK);
      const items = await players(isWarmUp ? Math.ceil(count / 2) : count);
      return await grantTo(stack, eventId, items, clients);
    },
  };
}

type Issuer = Awaited<ReturnType<typeof startIssuer>>;

/** An issuer in this process, which shows its key. */
async function startIssuer() {
  const { privateKey, publicKey } = await generateKeyPair(ALGORITHM);
  const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'bench' }] });
  const server = createServer((_, response) => response.end(keys));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    settings: { name: NAME, issuer, jwksUrl: issuer, audience: AUDIENCE, algorithms: [ALGORITHM] },
    token: async (subject: string): Promise<string> =>
      await new SignJWT()
        .setProtectedHeader({ alg: ALGORITHM, kid: 'bench' })
        .setIssuer(issuer)
        .setAudience(AUDIENCE)
        .setSubject(subject)
        .setIssuedAt()
        .setExpirationTime('1d')
        .sign(privateKey),
    async stop(): Promise<void> {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const newSubjects = (count: number) => Array.from({ length: count }, () => newId('sub'));

/** Players whom nobody has seen yet: only their tokens. */
async function tokensOf({ token }: Issuer, subjects: string[]): Promise<Player[]> {
  return await Promise.all(
    subjects.map(async (subject) => ({ userId: subject, token: await token(subject) })),
  );
}

/** Players who came before. */
async function knownPlayers(
  { store }: Collections,
  issuer: Issuer,
  count: number,
): Promise<Player[]> {
  const subjects = newSubjects(count);
  const now = new Date();
  const records = subjects.map((subject) => {
    return { ...recordOf(newId('usr'), now), externalId: `ext:${NAME}:${subject}` };
  });
  await insertAll(store.users.model.collection, records);
  return await tokensOf(issuer, subjects);
}
