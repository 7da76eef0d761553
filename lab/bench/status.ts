/** Claim statuses read a second, compared with a bare route that verifies the token and reads once. */
import type { Claim } from '../../store/claims/claim-record.ts';
import { claimIdOf } from '../../store/claims/claim-record.ts';
import { statusRequest } from './claim-requests.ts';
import { ALL_CPU } from './closed-loop.ts';
import { type Collections, insertAll, makeEvent } from './collections.ts';
import { costRatio, type Figures, ratio } from './figures.ts';
import { type Answer, requestOf } from './http-wire.ts';
import type { BenchOptions } from './options.ts';
import { makePlayers, type Player } from './players.ts';
import { httpSide } from './refuse.ts';
import { runRounds } from './rounds.ts';
import { startBenchServers } from './servers.ts';
import { API_ALONE, startStack } from './stack.ts';
import { withStops } from './stop-at-end.ts';
import { startBareApi } from './yardstick/start.ts';

const OURS = 'GET of a claim';
const BARE = 'bare route, token and findOne';

/** The part `status`. */
export async function benchStatus(options: BenchOptions): Promise<Figures> {
  return await withStops(async (stopAtEnd) => {
    const { isShort, profileDir, say } = options;
    const servers = stopAtEnd(await startBenchServers({}, say));
    const stack = stopAtEnd(await startStack(servers, API_ALONE, { profileDir }));
    const bare = stopAtEnd(await startBareApi(servers, stack));
    const players = await makePlayers(stack.collections, stack.tokens, isShort ? 200 : 10_000);
    const claims = await grantedClaims(stack.collections, players);
    const askBare = ({ player: { token }, claimId }: Known) =>
      requestOf('GET', `/claims/${claimId}`, { authorization: `Bearer ${token}` });
    const askOurs = ({ player, claimId }: Known) => statusRequest(claimId, player);
    const sides = [
      httpSide(OURS, stack, claims, askOurs, isGranted),
      httpSide(BARE, bare, claims, askBare, isGranted),
    ];
    const rows = await runRounds(sides, options);
    return {
      rows,
      checks: [ratio(rows, OURS, BARE, { atLeast: 0.7 })],
      notes: [costRatio(rows, OURS, BARE, ALL_CPU)],
    };
  });
}

interface Known {
  player: Player;
  claimId: string;
}

const isGranted = ({ status, body }: Answer) => status === 200 && body.includes('GRANTED');

/** Inserts one granted claim for each player, as the store writes it. */
async function grantedClaims(collections: Collections, players: Player[]): Promise<Known[]> {
  const { eventId } = await makeEvent(collections, players.length);
  const records = players.map(({ userId }) => grantedClaim(userId, eventId));
  await insertAll(collections.store.claims.model.collection, records);
  return players.map((player, n) => ({ player, claimId: records[n]?._id ?? '' }));
}

const STEPS = ['S0_ACCEPT', 'S1_VALIDATE', 'S2_CONDITIONS', 'S3_RESERVE', 'S4_FULFIL', 'S5_SETTLE'];

function grantedClaim(userId: string, eventId: string): Claim {
  const at = new Date();
  const [startedAt, endedAt] = [at.toISOString(), at.toISOString()];
  const ok = { outcome: 'OK', startedAt, endedAt, attempts: 1, detail: null } as const;
  const line = {
    lineId: 'cape',
    kind: 'ITEM',
    name: 'Frost cape',
    quantity: 1,
    buckets: 1,
  } as const;
  return {
    _id: claimIdOf(userId, 'bench'),
    userId,
    idempotencyKey: 'bench',
    eventId,
    rewardId: null,
    periodKey: 'once',
    state: 'GRANTED',
    reason: null,
    fate: 'GRANT',
    fateReason: null,
    asked: true,
    askedBy: null,
    lines: [{ ...line, state: 'GRANTED', grantedAt: at }],
    steps: STEPS.map((step) => ({ step, ...ok })) as Claim['steps'],
    parking: null,
    version: 4,
    snapshot: {
      eventVersion: 1,
      provider: 'mailbox',
      startsAt: new Date(0),
      endsAt: at,
      claimableUntil: at,
      parkedAfter: { action: 'WAIT', hours: 24 },
      condition: null,
    },
    entitlements: [`${eventId}/once/0`],
    acceptedAt: at,
    recordedAt: at,
    createdAt: at,
    updatedAt: at,
    endedAt: at,
  };
}
