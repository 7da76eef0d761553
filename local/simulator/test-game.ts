/** A simulated game for tests, and signed calls to it. */
import { afterEach } from 'node:test';
import { type Simulator, type SimulatorOptions, startSimulator } from './simulator.ts';
import { signMessage } from './simulator-signature.ts';

export const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

const running = new Set<Simulator>();
afterEach(async () => {
  await Promise.all([...running].map((simulator) => simulator.close()));
  running.clear();
});

/** Starts a simulated game that is closed after the test. */
export async function start(options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const simulator = await startSimulator({ secret, ...options });
  running.add(simulator);
  return simulator;
}

/** Closes a game before the end of the test. */
export async function stop(simulator: Simulator): Promise<void> {
  running.delete(simulator);
  await simulator.close();
}

export interface Reply {
  status: number;
  state?: string;
  detail?: string;
  retryAfter: string | null;
}

/** One signed call, as Laurel makes it. Rejects if the connection is cut. */
export async function call(
  simulator: Simulator,
  method: string,
  where: string,
  more: {
    body?: unknown;
    key?: string;
    headers?: Record<string, string>;
    signal?: AbortSignal;
  } = {},
): Promise<Reply> {
  const body = more.body === undefined ? '' : JSON.stringify(more.body);
  const timestampS = Math.floor(Date.now() / 1000);
  const answer = await fetch(`${simulator.url}${where}`, {
    method,
    headers: {
      ...signMessage(secret, { id: `${method}_${where}`, timestampS, body }),
      'idempotency-key': more.key ?? decodeURIComponent(where.split('/')[2] ?? ''),
      ...more.headers,
    },
    ...(body === '' ? {} : { body }),
    ...(more.signal && { signal: more.signal }),
  });
  const text = await answer.text();
  const said = text === '' ? {} : (JSON.parse(text) as { state?: string; detail?: string });
  return { ...said, status: answer.status, retryAfter: answer.headers.get('retry-after') };
}

/** The body of a grant's `POST`. @param claim part of the claim's and the player's ID */
export function askFor(claim: string, lineId = 'cape') {
  return {
    grantId: `clm_${claim}:${lineId}`,
    claimId: `clm_${claim}`,
    userId: `usr_${claim}`,
    eventId: 'evt_1',
    reward: { rewardId: lineId, kind: 'ITEM', name: 'Frost cape', quantity: 1 },
  };
}

/** Posts the grant of one cape for this claim. */
export async function post(
  simulator: Simulator,
  claim = 'a',
  signal?: AbortSignal,
): Promise<Reply> {
  const body = askFor(claim);
  return await call(simulator, 'POST', '/grants', {
    body,
    key: body.grantId,
    ...(signal && { signal }),
  });
}

/** Looks the grant up. */
export const get = (simulator: Simulator, claim = 'a') =>
  call(simulator, 'GET', `/grants/clm_${claim}:cape`);
/** Revokes the grant. */
export const remove = (simulator: Simulator, claim = 'a') =>
  call(simulator, 'DELETE', `/grants/clm_${claim}:cape`);

/** The grant in the game's ledger. */
export function grantIn(simulator: Simulator, claim = 'a') {
  return simulator.ledger().find(({ grantId }) => grantId === `clm_${claim}:cape`);
}
