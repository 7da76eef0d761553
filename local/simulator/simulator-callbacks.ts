/** The simulated game's callbacks: they tell Laurel how a pending grant ended. */
import { signMessage } from './simulator-signature.ts';

/** Pauses between tries, in milliseconds. Few, as Laurel's polling finds what a callback missed. */
const PAUSES_MS = [200, 400, 800, 1_600];
/** Timeout of one callback, in milliseconds. */
const TIMEOUT_MS = 5_000;

/** A secret that nobody has. */
const FORGED_SECRET = `whsec_${Buffer.alloc(24).toString('base64')}`;

/** What a test may change about one callback. */
interface CallbackOptions {
  /** The grant's state by default. */
  state?: string;
  /** `bad`: signed with another secret. `none`: not signed. */
  signature?: 'good' | 'bad' | 'none';
  /** The timestamp in its header, in seconds since the epoch. Now by default. */
  timestampS?: number;
}

export interface Callbacks {
  /** Sends a callback once, and returns the answer's status. @throws if there is no answer */
  send(grantId: string, options?: CallbackOptions): Promise<number>;
  /** Sends a callback until it is answered 2xx, at most five times. Never throws. */
  deliver(grantId: string): Promise<void>;
}

/** Callbacks of one game. `url` is undefined if none are wanted. */
export function createCallbacks(game: {
  secret: string;
  now(): number;
  url(): string | undefined;
  stateOf(grantId: string): string;
  wait(ms: number): Promise<void>;
  closing: AbortSignal;
}): Callbacks {
  async function send(grantId: string, options: CallbackOptions = {}): Promise<number> {
    const url = game.url();
    if (url === undefined) throw new Error('The simulator has no callback URL.');
    const state = options.state ?? game.stateOf(grantId);
    const body = JSON.stringify({ grantId, state });
    const id = `callback_${grantId}_${state}`;
    const timestampS = options.timestampS ?? Math.floor(game.now() / 1000);
    const secret = options.signature === 'bad' ? FORGED_SECRET : game.secret;
    const signed = signMessage(secret, { id, timestampS, body });
    const answer = await fetch(url, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        ...(options.signature === 'none' ? {} : signed),
      },
      signal: AbortSignal.any([game.closing, AbortSignal.timeout(TIMEOUT_MS)]),
      redirect: 'manual',
    });
    await answer.body?.cancel();
    return answer.status;
  }

  return {
    send,
    async deliver(grantId) {
      if (game.url() === undefined) return;
      for (const pauseMs of [...PAUSES_MS, null]) {
        const status = await send(grantId).catch(() => 0);
        if ((status >= 200 && status <= 299) || pauseMs === null || game.closing.aborted) return;
        await game.wait(pauseMs).catch(() => undefined);
      }
    },
  };
}
