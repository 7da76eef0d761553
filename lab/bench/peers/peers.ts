/** Starts the peers: each engine's server, and the app that runs the saga on it. */
import { join } from 'node:path';
import { freePort } from '../../../local/processes/ports.ts';
import { byLine } from '../../../local/processes/readiness.ts';
import { Service, type ServiceSpec } from '../../../local/processes/service.ts';
import { claimIdOf } from '../../../store/claims/claim-record.ts';
import type { Collections } from '../collections.ts';
import { requestOf } from '../http-wire.ts';
import type { Player } from '../players.ts';
import type { BenchServers } from '../servers.ts';
import { countMails, revokeMail } from './mails.ts';
import type { Outcome } from './saga.ts';
import { preparePostgres } from './servers/postgres.ts';
import { prepareRestate } from './servers/restate.ts';
import { pidOf, type Side } from './side.ts';
import { recordsOf } from './steps.ts';

/** Longest start of an app. */
const READY_MS = 60_000;
/** From SIGTERM to SIGKILL. */
const STOP_MS = 10_000;

/** The peers' database, in the same mongod as Laurel's. */
export const DATABASE = 'peers';

export interface PeersContext {
  /** Folder for their data and logs. */
  folder: string;
  servers: BenchServers;
  collections: Collections;
  players: Player[];
  say: (line: string) => void;
  /** Takes a function that stops something. The last one is called first. */
  onEnd: (stop: () => Promise<void>) => void;
}

interface Running {
  service: Service;
  port: number;
}

interface Engine {
  name: string;
  is: string;
  app: Running;
  /** The process of the engine's server. Absent if there is no engine. */
  serverPid?: () => number;
  /** The port that takes claims, if it is not the app's. */
  port?: number;
}

/** Starts every engine and its app. */
export async function startPeers(context: PeersContext): Promise<Side[]> {
  const { servers } = context;
  const address = servers.temporalAddress;
  const restate = await startRestate(context);
  const dbos = await startDbos(context);
  const engines: Engine[] = [
    {
      name: 'restate',
      is: 'the saga as a Restate service',
      app: restate.app,
      serverPid: () => pidIn(restate.server),
      port: restate.server.port,
    },
    {
      name: 'dbos',
      is: 'the saga as a DBOS workflow over PostgreSQL',
      app: dbos.app,
      serverPid: () => pidIn(dbos.server),
    },
    {
      name: 'temporal',
      is: 'the saga as a Temporal workflow, local activities and eager start',
      app: await startApp(context, 'temporal', { TEMPORAL_ADDRESS: address }),
      serverPid: () => pidOf(servers.pids(), 'temporal'),
    },
    {
      name: 'plain',
      is: 'the saga with no engine: a crash leaves it where it stood',
      app: await startApp(context, 'plain', {}),
    },
  ];
  return engines.map((engine) => sideOf(context, engine));
}

function sideOf(context: PeersContext, { name, is, app, serverPid, port }: Engine): Side {
  return {
    ...claimsOf(context),
    ...{ name, is, port: port ?? app.port },
    pids: () => ({
      server: serverPid === undefined ? [] : [serverPid()],
      node: [pidIn(app)],
      mongod: [pidOf(context.servers.pids(), 'mongod')],
    }),
    ...(serverPid !== undefined && { crash: () => void process.kill(pidIn(app), 'SIGKILL') }),
  };
}

function pidIn({ service }: Running): number {
  return pidOf({ [service.name]: service.pid }, service.name);
}

/** What all peers share: how a claim is sent, answered and recorded. */
function claimsOf({ collections, players }: PeersContext) {
  return {
    collections,
    players,
    request: ({ userId }: Player, eventId: string, key: string) => {
      const claimId = claimIdOf(userId, key);
      const headers = {
        'content-type': 'application/json',
        // Restate identifies a claim by this header, the apps by the body.
        'idempotency-key': claimId,
      };
      const body = JSON.stringify({ claimId, userId, eventId });
      return requestOf('POST', '/claims/grant', headers, body);
    },
    outcomeIn: ({ status, body }: { status: number; body: string }) => {
      if (status !== 200) throw new Error(`a claim was answered ${status}: ${body}`);
      return JSON.parse(body) as Outcome;
    },
    grantedOf: (eventId: string) =>
      recordsOf(collections.database).countDocuments({ eventId, outcome: 'GRANTED' }),
    mailsOf: (eventId: string) => countMails(collections.database, eventId),
    refuseMail: (grantId: string) => revokeMail(collections.database, grantId),
  };
}

async function startDbos(context: PeersContext): Promise<{ server: Running; app: Running }> {
  const port = await freePort();
  const { spec, url } = await preparePostgres(port, logPath(context, 'postgres'));
  const server = { service: await start(context, spec), port };
  return { server, app: await startApp(context, 'dbos', { POSTGRES_URL: url }) };
}

async function startRestate(context: PeersContext): Promise<{ server: Running; app: Running }> {
  const folder = join(context.folder, 'restate');
  const { spec, port, register } = await prepareRestate(folder, logPath(context, 'restate'));
  const server = { service: await start(context, spec), port };
  const app = await startApp(context, 'restate', {});
  await register(app.port);
  return { server, app };
}

/** Starts `apps/{name}.ts` as a process. */
async function startApp(
  context: PeersContext,
  name: string,
  env: NodeJS.ProcessEnv,
): Promise<Running> {
  const port = await freePort();
  const mongodbUri = context.servers.mongodbUri(DATABASE);
  const service = await start(context, {
    name: `${name}-app`,
    command: {
      file: process.execPath,
      args: [join(import.meta.dirname, 'apps', `${name}.ts`)],
      env: { ...process.env, ...env, MONGODB_URI: mongodbUri, PORT: String(port) },
    },
    logPath: logPath(context, `${name}-app`),
    ready: byLine('app ready'),
    readyTimeoutMs: READY_MS,
    stopTimeoutMs: STOP_MS,
  });
  return { service, port };
}

async function start({ say, onEnd }: PeersContext, spec: ServiceSpec): Promise<Service> {
  const service = new Service(spec, { say });
  onEnd(() => service.stop());
  await service.start();
  return service;
}

function logPath({ folder }: PeersContext, name: string): string {
  return join(folder, 'logs', `${name}.log`);
}
