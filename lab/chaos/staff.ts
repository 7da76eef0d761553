/** What an admin does in a chaos run: sets the campaign up, changes it, and decides on what is parked. */
import { randomUUID } from 'node:crypto';
import { CAMPAIGN, type PlannedEvent, stockOf } from './planned-events.ts';
import { type Answer, type Call, type Client, succeeded } from './client.ts';
import type { PlannedClaim } from './plan.ts';

/** One grant as `GET /api/grants` shows it: what lies in the mailbox, and what the game gave. */
export interface ShownGrant {
  grantId: string;
  userId: string;
  eventId: string;
  quantity: number;
}

export interface ChaosEvent extends PlannedEvent {
  eventId: string;
}

/** More than one page of a short run, so that pages are turned. */
const GRANTS_A_PAGE = 100;

type Reward = { rewardId: string; stock: number | null };

export type Staff = Awaited<ReturnType<typeof signInStaff>>;

/** Signs the admin in. @throws Error if the password is wrong, or when `giveUp` aborts */
export async function signInStaff(
  client: Client,
  admin: { username: string; password: string },
  giveUp: AbortSignal,
) {
  const login = { method: 'POST', path: '/api/auth/login', body: admin } as const;
  const { accessToken } = succeeded(await client.insist(login, giveUp), 'The admin');
  const token = accessToken as string;
  const ask = (call: Call, signal: AbortSignal) => client.insist({ ...call, token }, signal);

  async function createEvent(event: PlannedEvent, claims: number): Promise<ChaosEvent> {
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
    const answer = await ask({ method: 'POST', path: '/api/events', body }, giveUp);
    return { ...event, eventId: succeeded(answer, title).eventId as string };
  }

  return {
    /** Opens every event of the campaign, with stocks that fit the claims to come. */
    async openCampaign(claims: readonly PlannedClaim[]): Promise<ChaosEvent[]> {
      const events: ChaosEvent[] = [];
      for (const [index, event] of CAMPAIGN.entries()) {
        const own = claims.filter((claim) => claim.event === index).length;
        events.push(await createEvent(event, own));
      }
      return events;
    },

    /** Adds to the stock of the event's first limited reward, or takes from it; how it was answered. */
    async changeStock(eventId: string, by: number, signal: AbortSignal): Promise<Answer> {
      const path = `/api/events/${eventId}`;
      const read = await ask({ method: 'GET', path }, signal);
      const rewards = succeeded(read, eventId).rewards as Reward[];
      const limited = rewards.find((r) => r.stock !== null);
      const changed = rewards.map((r) =>
        r === limited ? { ...r, stock: Math.max(0, (r.stock ?? 0) + by) } : r,
      );
      const headers = { 'if-match': read.headers.get('etag') ?? '*' };
      return await ask({ method: 'PATCH', path, headers, body: { rewards: changed } }, signal);
    },

    setEventStatus: (eventId: string, status: 'ACTIVE' | 'PAUSED', signal: AbortSignal) =>
      ask({ method: 'PATCH', path: `/api/events/${eventId}`, body: { status } }, signal),

    setUserStatus: (userId: string, status: string, signal: AbortSignal) =>
      ask({ method: 'PATCH', path: `/api/users/${userId}`, body: { status } }, signal),

    /** Decides on one parked claim. */
    decide: (claimId: string, action: 'retry' | 'abort', signal: AbortSignal) =>
      ask({ method: 'POST', path: `/api/event-claims/${claimId}/${action}` }, signal),

    /** Decides on every parked claim; the operation's ID is in the body. */
    decideAll: (action: 'retry' | 'abort', signal: AbortSignal) =>
      ask(
        {
          method: 'POST',
          path: `/api/event-claims/${action}`,
          headers: { 'idempotency-key': randomUUID() },
          body: { all: true },
        },
        signal,
      ),

    /** Every grant that players are shown, page after page. */
    async grants(signal: AbortSignal): Promise<ShownGrant[]> {
      const found: ShownGrant[] = [];
      for (let cursor: unknown = ''; cursor !== null; ) {
        const path = `/api/grants?limit=${GRANTS_A_PAGE}${cursor && `&cursor=${cursor}`}`;
        const page = succeeded(await ask({ method: 'GET', path }, signal), path);
        found.push(...(page.items as ShownGrant[]));
        cursor = page.nextCursor;
      }
      return found;
    },

    operation: (operationId: string, signal: AbortSignal) =>
      ask({ method: 'GET', path: `/api/operations/${operationId}` }, signal),
  };
}
