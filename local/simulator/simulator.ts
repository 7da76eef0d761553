/**
 * A simulated game's fulfillment service, for tests and the demo. It implements the provider contract,
 * keeps a ledger, and misbehaves on demand. `/control` needs no password.
 */
import { EventEmitter, once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Callbacks, createCallbacks } from './simulator-callbacks.ts';
import { type Controls, control, type SimulatorSettings } from './simulator-control.ts';
import { createGrants, type Reply } from './simulator-grants.ts';
import { type Incoming, listener } from './simulator-http.ts';
import { openLedger } from './simulator-ledger.ts';
import { createRequestLog, loggedAs } from './simulator-log.ts';
import { handleCall, type RouteContext } from './simulator-routes.ts';
import { createRules } from './simulator-rules.ts';

/** Default timeout of `waitFor`: only a failing test waits for it. */
const DEFAULT_WAIT_MS = 60_000;

export interface SimulatorOptions extends SimulatorSettings {
  /** `whsec_…`: verifies calls and signs callbacks. */
  secret: string;
  /** Any free one if absent. */
  port?: number;
  /** Loopback by default, as `/control` needs no password. */
  host?: string;
  /** Folder of the ledger. In memory if absent. */
  dir?: string;
  /** Its clock, in milliseconds since the epoch. Pauses are always in real time. */
  now?: () => number;
}

export interface Simulator extends Controls {
  /** The provider's base URL. */
  url: string;
  secret: string;
  /** Resolves once the predicate is true. It is called after each change. @throws Error when time is up */
  waitFor(predicate: (simulator: Controls) => boolean, timeoutMs?: number): Promise<void>;
  sendCallback: Callbacks['send'];
  /** Stops at once: open connections are cut, and timers and callbacks are dropped. */
  close(): Promise<void>;
}

/** Starts a simulator, and resolves once it listens. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const changes = new EventEmitter().setMaxListeners(0);
  const closing = new AbortController();
  const game = createGame(options, () => changes.emit('change'), closing.signal);
  const server = http.createServer(listener(game.respond, closing.signal));
  server.listen(options.port ?? 0, options.host ?? '127.0.0.1');
  await once(server, 'listening');

  return {
    ...game.controls,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    secret: options.secret,
    waitFor: (predicate, timeoutMs = DEFAULT_WAIT_MS) =>
      until(() => predicate(game.controls), changes, AbortSignal.timeout(timeoutMs)),
    sendCallback: game.callbacks.send,
    async close() {
      closing.abort();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The simulator without its server. @param changed called after each call and each change of a grant */
function createGame(options: SimulatorOptions, changed: () => void, closing: AbortSignal) {
  const { secret, dir, now = Date.now, callbackUrl, tombstones = true } = options;
  const settings = { callbackUrl, tombstones };
  const wait = (ms: number) => sleep(ms, undefined, { signal: closing });
  const log = createRequestLog();
  const rules = createRules();
  const ledger = openLedger({ dir, changed });
  const metrics = new Map<string, Record<string, number>>();
  const owners = new Map<string, { userId: string; eventId: string }>();

  const callbacks = createCallbacks({
    secret,
    now,
    wait,
    closing,
    url: () => settings.callbackUrl,
    stateOf: (grantId) => ledger.get(grantId)?.state ?? 'GRANTED',
  });
  const grants = createGrants({
    ledger,
    now,
    later: (afterMs, work) => void wait(afterMs).then(work, () => undefined),
    settled: (grantId) => void callbacks.deliver(grantId),
    tombstones: () => settings.tombstones,
  });
  const context: RouteContext = {
    secret,
    now,
    rules,
    grants,
    wait,
    metricsOf: (userId) => metrics.get(userId) ?? {},
    whose: (grantId) => owners.get(grantId) ?? ledger.get(grantId)?.asked ?? undefined,
    arrived: ({ grantId, userId, eventId }) => void owners.set(grantId, { userId, eventId }),
  };
  const controls: Controls = {
    rules: { add: rules.add, clear: rules.clear },
    ledger: ledger.all,
    requests: log.all,
    configure: (given) => void Object.assign(settings, given),
    setMetrics: (userId, values) => void metrics.set(userId, values),
    settle: grants.settle,
  };

  async function respond(incoming: Incoming): Promise<Reply | 'DROP'> {
    const { method, url, body } = incoming;
    if (url.pathname === '/healthz') return { status: 200, body: { status: 'ok' } };
    if (url.pathname.startsWith('/control/')) {
      return control({ method, path: url.pathname.slice('/control'.length), body }, controls);
    }
    const entry = log.add(loggedAs(incoming, now()));
    changed();
    const reply = await handleCall(incoming, entry, context);
    entry.answer = reply === 'DROP' ? 'DROPPED' : reply.status;
    changed();
    return reply;
  }

  return { controls, callbacks, respond };
}

async function until(holds: () => boolean, changes: EventEmitter, late: AbortSignal) {
  while (!holds()) {
    await once(changes, 'change', { signal: late }).catch(() => {
      throw new Error(`The simulator waited in vain for ${holds}`);
    });
  }
}
