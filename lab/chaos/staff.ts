/** An admin in a chaos run: creates and changes events, and decides on parked claims. */
import { randomUUID } from 'node:crypto';
import { type Answer, type Call, type Client, succeeded } from './client.ts';
import type { PlannedClaim } from './plan.ts';
import { PLANNED_EVENTS, type PlannedEvent, stockOf } from './planned-events.ts';

/** One grant as `GET /api/grants` shows it, of the mailbox or of the game. */
export interface ShownGrant {
  grantId: string;
  userId: string;
  eventId: string;
  quantity: number;
}

/** A planned event once it exists. */
export interface ChaosEvent extends PlannedEvent {
  eventId: string;
}

/** Items of one page of grants. Few, so that even a short run reads several pages. */
const GRANTS_A_PAGE = 100;

type Reward = { rewardId: string; stock: number | null };

/** Signs the admin in. @throws Error if the password is wrong, or when `giveUp` aborts */
export async function signInStaff(
  client: Client,
  admin: { username: string; password: string },
  giveUp: AbortSignal,
): Promise<Staff> {
  const login = { method: 'POST', path: '/api/auth/login', body: admin } as const;
  const { accessToken } = succeeded(await client.insist(login, giveUp), 'The admin');
  return new Staff(client, accessToken as string);
}

/** Calls of a signed-in admin. Each is repeated until it has a definite answer or `signal` aborts. */
export class Staff {
  readonly #client: Client;
  readonly #token: string;

  constructor(client: Client, token: string) {
    this.#client = client;
    this.#token = token;
  }

  /** Creates every planned event, with stocks that fit the claims to come. */
  async createEvents(claims: readonly PlannedClaim[], signal: AbortSignal): Promise<ChaosEvent[]> {
    const events: ChaosEvent[] = [];
    for (const [index, event] of PLANNED_EVENTS.entries()) {
      const own = claims.filter((claim) => claim.event === index).length;
      events.push(await this.#createEvent(event, own, signal));
    }
    return events;
  }

  /**
   * Changes the stock of the event's first limited reward.
   * @param by units to add, or to take away if it is negative
   */
  async changeStock(eventId: string, by: number, signal: AbortSignal): Promise<Answer> {
    const path = `/api/events/${eventId}`;
    const read = await this.#ask({ method: 'GET', path }, signal);
    const rewards = succeeded(read, eventId).rewards as Reward[];
    const limited = rewards.find((r) => r.stock !== null);
    const changed = rewards.map((r) =>
      r === limited ? { ...r, stock: Math.max(0, (r.stock ?? 0) + by) } : r,
    );
    const headers = { 'if-match': read.headers.get('etag') ?? '*' };
    return await this.#ask({ method: 'PATCH', path, headers, body: { rewards: changed } }, signal);
  }

  async setEventStatus(
    eventId: string,
    status: 'ACTIVE' | 'PAUSED',
    signal: AbortSignal,
  ): Promise<Answer> {
    const call = { method: 'PATCH', path: `/api/events/${eventId}`, body: { status } } as const;
    return await this.#ask(call, signal);
  }

  async setUserStatus(userId: string, status: string, signal: AbortSignal): Promise<Answer> {
    const call = { method: 'PATCH', path: `/api/users/${userId}`, body: { status } } as const;
    return await this.#ask(call, signal);
  }

  /** Decides on one parked claim. */
  async decide(claimId: string, action: 'retry' | 'abort', signal: AbortSignal): Promise<Answer> {
    return await this.#ask(
      { method: 'POST', path: `/api/event-claims/${claimId}/${action}` },
      signal,
    );
  }

  /** Decides on every parked claim. The answer's body has the operation's ID. */
  async decideAll(action: 'retry' | 'abort', signal: AbortSignal): Promise<Answer> {
    const call = {
      method: 'POST',
      path: `/api/event-claims/${action}`,
      headers: { 'idempotency-key': randomUUID() },
      body: { all: true },
    } as const;
    return await this.#ask(call, signal);
  }

  /** Every grant that players are shown, from all pages. */
  async grants(signal: AbortSignal): Promise<ShownGrant[]> {
    const found: ShownGrant[] = [];
    for (let cursor: unknown = ''; cursor !== null; ) {
      const path = `/api/grants?limit=${GRANTS_A_PAGE}${cursor && `&cursor=${cursor}`}`;
      const page = succeeded(await this.#ask({ method: 'GET', path }, signal), path);
      found.push(...(page.items as ShownGrant[]));
      cursor = page.nextCursor;
    }
    return found;
  }

  async #createEvent(
    event: PlannedEvent,
    claims: number,
    signal: AbortSignal,
  ): Promise<ChaosEvent> {
    const { title, provider, rewards, ...rules } = event;
    const body = {
      title,
      ...rules,
      startsAt: '2020-01-01T00:00:00Z',
      endsAt: '2100-01-01T00:00:00Z',
      rewards: rewards.map(({ enoughForPercent, ...reward }) => ({
        ...reward,
        stock: stockOf({ enoughForPercent, ...reward }, claims),
      })),
      fulfillment: { provider },
      status: 'ACTIVE',
    };
    const answer = await this.#ask({ method: 'POST', path: '/api/events', body }, signal);
    return { ...event, eventId: succeeded(answer, title).eventId as string };
  }

  #ask(call: Call, signal: AbortSignal): Promise<Answer> {
    return this.#client.insist({ ...call, token: this.#token }, signal);
  }
}
