/** An API process to attack: over the run's own MongoDB, with a player, a game server and claims that stay open. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createTokens } from '../api/identity/tokens.ts';
import { testKey } from '../api/test-app.ts';
import type { Role } from '../domain/user.ts';
import { startProcess } from '../lab/bench/processes.ts';
import { freePort } from '../local/processes/ports.ts';
import { openStore } from '../store/index.ts';
import { connect as connectDatabase } from '../store/mongodb/connection.ts';
import { newClaim } from '../store/test-store.ts';
import { dropDatabase } from './drop-database.ts';
import { testServers, uniqueName } from './servers.ts';

const MIB = 1024 * 1024;
const SAMPLE_MS = 50;
const NO_WORKER = 'no worker takes anything here';

export type AttackedApi = Awaited<ReturnType<typeof startAttackedApi>>;

/** @param settings environment variables of the API on top of what it needs */
export async function startAttackedApi(settings: NodeJS.ProcessEnv = {}) {
  const servers = await testServers();
  const key = await testKey();
  const name = uniqueName('attacked');
  const database = await connectDatabase(servers.mongodbUri(name), { appName: 'test' });
  const store = await openStore(database);
  const tokens = await createTokens({ keys: [key], ttlS: 900, now: () => new Date() });
  const port = await freePort();
  const api = await startProcess(
    { name: 'api', file: 'api/main.ts', ready: 'api ready' },
    {
      PATH: process.env.PATH,
      MONGODB_URI: servers.mongodbUri(name),
      TEMPORAL_ADDRESS: servers.temporalAddress,
      TEMPORAL_NAMESPACE: NO_WORKER,
      ADMIN_PASSWORD: 'of this test alone',
      JWT_KEYS: JSON.stringify([key]),
      HOST: '127.0.0.1',
      PORT: String(port),
      ...settings,
    },
  );
  const sockets = new Set<Socket>();
  const rssMib = () => {
    const kib = execFileSync('ps', ['-o', 'rss=', '-p', String(api.child.pid)], {
      encoding: 'utf8',
    });
    return Math.round((Number(kib) * 1024) / MIB);
  };

  return {
    url: `http://127.0.0.1:${port}`,
    rssMib,

    /** A new user of that role: their ID and a token of theirs. */
    async signIn(role: Role = 'PLAYER') {
      const username = uniqueName('u');
      const fields = { username, displayName: username, passwordHash: '-' };
      const { userId } = await store.users.register(fields, new Date());
      if (role !== 'PLAYER') await store.users.model.updateOne({ _id: userId }, { role });
      return { userId, token: await tokens.issue({ userId, epoch: 0 }) };
    },

    /** A claim of that player. It stays open: no worker runs. */
    async openClaim(userId: string): Promise<string> {
      return (await store.claims.accept(newClaim({ userId }))).claim._id;
    },

    /** Opens connections from this address. The test does not read what they are sent. */
    async connections(count: number): Promise<Socket[]> {
      const opened: Socket[] = [];
      // In small groups: the backlog of a listening socket is short.
      while (opened.length < count) {
        const group = Array.from({ length: Math.min(100, count - opened.length) }, async () => {
          const socket = connect(port, '127.0.0.1');
          sockets.add(socket);
          socket.on('error', () => {});
          socket.once('close', () => sockets.delete(socket));
          await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
          return socket.pause();
        });
        opened.push(...(await Promise.all(group)));
      }
      return opened;
    },

    /** What the process holds at most while `attack` runs and for a while after, in MiB. */
    async peakMib(attack: () => Promise<unknown>, forMs = 2 * SAMPLE_MS) {
      const before = rssMib();
      let peak = before;
      const sampling = setInterval(() => {
        peak = Math.max(peak, rssMib());
      }, SAMPLE_MS);
      await attack();
      await new Promise((resolve) => setTimeout(resolve, forMs));
      clearInterval(sampling);
      return { before, peak: Math.max(peak, rssMib()) };
    },

    hangUp(): void {
      for (const socket of sockets) socket.destroy();
    },

    async stop(): Promise<void> {
      for (const socket of sockets) socket.destroy();
      api.child.signal('SIGKILL');
      await api.child.ended;
      await dropDatabase(database);
      await database.close();
      await servers.stop();
    },
  };
}
