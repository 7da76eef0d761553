/** Looks in every place where what was typed may name something. */
import { api, ask } from '../../app/api.ts';
import type { Answer } from '../../app/problem.ts';
import { can } from '../../app/session.ts';
import type { Claim, ClaimState, UserStatus } from '../../app/types.ts';

export interface Hit {
  kind: 'player' | 'claim' | 'event' | 'operation';
  id: string;
  /** What people call it; its ID where it has no name. */
  name: string;
  href: string;
  claimState?: ClaimState;
  userStatus?: UserStatus;
}

export interface Found {
  /** What was looked for. */
  text: string;
  /** The best first. */
  hits: Hit[];
  /** Whether more users begin like that than are listed. */
  hasMore: boolean;
}

/** How many users, and how many claims with a key, are listed at most. */
const LISTED = 20;
/** The longest text that each route takes. An external ID may be that long. */
const LONGEST_NAME = 648;
const LONGEST_KEY = 255;

/** What the text names: a whole ID first, then users by name, then claims by their key. */
export async function find(text: string, signal: AbortSignal): Promise<Answer<Found>> {
  const [users, exact, byKey] = await Promise.all([
    usersOf(text, signal),
    exactly(text, signal),
    claimsWithKey(text, signal),
  ]);
  if (!users.ok) return users;
  const { items, nextCursor } = users.data;
  const players = items.map(
    ({ id, username, status }): Hit => ({
      kind: 'player',
      id,
      name: username,
      href: hrefOf('players', id),
      userStatus: status,
    }),
  );
  const hits = [...exact, ...players, ...byKey];
  return { ...users, data: { text, hits, hasMore: nextCursor !== null } };
}

async function usersOf(text: string, signal: AbortSignal) {
  const query = { query: text.slice(0, LONGEST_NAME), limit: LISTED };
  return await ask(api.GET('/api/users', { params: { query }, signal }));
}

async function claimsWithKey(text: string, signal: AbortSignal): Promise<Hit[]> {
  if (text.length > LONGEST_KEY) return [];
  const query = { idempotencyKey: text, limit: LISTED };
  const answer = await ask(api.GET('/api/event-claims', { params: { query }, signal }));
  return answer.ok ? answer.data.items.map(claimHit) : [];
}

/** What has this ID. Only the kind that its beginning says is asked for. */
async function exactly(text: string, signal: AbortSignal): Promise<Hit[]> {
  if (text.startsWith('clm_')) {
    const path = { claimId: text };
    const answer = await ask(api.GET('/api/event-claims/{claimId}', { params: { path }, signal }));
    return answer.ok ? [claimHit(answer.data)] : [];
  }
  if (text.startsWith('evt_')) {
    const path = { eventId: text };
    const answer = await ask(api.GET('/api/events/{eventId}', { params: { path }, signal }));
    if (!answer.ok) return [];
    return [{ kind: 'event', id: text, name: answer.data.title, href: hrefOf('events', text) }];
  }
  if (text.startsWith('op_') && can('ADMIN')) {
    const path = { operationId: text };
    const answer = await ask(
      api.GET('/api/operations/{operationId}', { params: { path }, signal }),
    );
    if (!answer.ok) return [];
    return [{ kind: 'operation', id: text, name: text, href: hrefOf('operations', text) }];
  }
  return [];
}

function claimHit({ claimId, state }: Claim): Hit {
  const href = hrefOf('claims', claimId);
  return { kind: 'claim', id: claimId, name: claimId, href, claimState: state };
}

function hrefOf(screen: string, id: string): string {
  return `/console/${screen}/${encodeURIComponent(id)}`;
}
