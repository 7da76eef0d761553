/** The provider contract's routes: checks signature and form, asks the rules, and does what was asked. */
import { z } from 'zod';
import { type Grants, problem, type Reply } from './simulator-grants.ts';
import type { Incoming } from './simulator-http.ts';
import type { GrantBody } from './simulator-ledger.ts';
import type { LoggedRequest } from './simulator-log.ts';
import type { Behaviour, Rules, Verb } from './simulator-rules.ts';
import { isSigned } from './simulator-signature.ts';

/** What the routes need of the game. */
export interface RouteContext {
  secret: string;
  now(): number;
  rules: Rules;
  grants: Grants;
  metricsOf(userId: string): Record<string, number>;
  /** The player and event of a grant. Undefined if it was never posted. */
  whose(grantId: string): { userId: string; eventId: string } | undefined;
  /** Called for each well-formed `POST`, whatever its answer is. */
  arrived(asked: GrantBody): void;
  /** Waits in real time. Rejects when the simulator is closed. */
  wait(ms: number): Promise<void>;
}

const grantBody = z.strictObject({
  grantId: z.string(),
  claimId: z.string().min(1),
  userId: z.string().min(1),
  externalId: z.string().min(1).exactOptional(),
  eventId: z.string().min(1),
  reward: z.strictObject({
    rewardId: z.string().min(1),
    kind: z.enum(['ITEM', 'CURRENCY', 'POINTS', 'COUPON']),
    name: z.string(),
    quantity: z.number().int().min(1),
  }),
});

/** Handles one call and completes its log entry. Returns the answer, or `DROP` to cut the connection. */
export async function handleCall(
  incoming: Incoming,
  entry: LoggedRequest,
  game: RouteContext,
): Promise<Reply | 'DROP'> {
  const route = routeOf(incoming);
  if (!route) return problem(404, 'There is nothing here.');
  entry.verb = route.verb;
  entry.signed = isSigned(game.secret, incoming.headers, incoming.body, game.now());
  if (!entry.signed) return problem(401, 'The signature does not fit.');
  return route.verb === 'metrics'
    ? await answerMetrics(route.id, incoming.url, entry, game)
    : await doVerb(route.verb, route.id, incoming, entry, game);
}

/** Answers a player's metrics, unless a rule says otherwise. */
async function answerMetrics(
  userId: string,
  url: URL,
  entry: LoggedRequest,
  game: RouteContext,
): Promise<Reply | 'DROP'> {
  const behaviour = game.rules.decide({ verb: 'metrics', grantId: '', lineId: '', userId });
  entry.behaviour = behaviour.do;
  const reply = await behave(behaviour, game, () => metrics(game.metricsOf(userId), url));
  if (behaviour.delayMs > 0) await game.wait(behaviour.delayMs);
  return reply;
}

/** Does a grant, lookup or revoke, unless a rule says otherwise. */
async function doVerb(
  verb: Exclude<Verb, 'metrics'>,
  id: string,
  incoming: Incoming,
  entry: LoggedRequest,
  game: RouteContext,
): Promise<Reply | 'DROP'> {
  const asked = verb === 'grant' ? parseGrant(incoming.body) : null;
  if (asked instanceof Error) return problem(400, asked.message);
  const grantId = asked?.grantId ?? id;
  entry.grantId = grantId;
  if (entry.idempotencyKey !== grantId)
    return problem(400, 'The Idempotency-Key is not the grant.');
  if (asked) game.arrived(asked);

  const lineId = grantId.slice(grantId.indexOf(':') + 1);
  const behaviour = game.rules.decide({
    verb,
    grantId,
    lineId,
    ...game.whose(grantId),
  });
  entry.behaviour = behaviour.do;
  const reply = await behave(behaviour, game, () => {
    if (asked) return game.grants.grant(asked, behaviour);
    return verb === 'lookup' ? game.grants.lookup(grantId) : game.grants.revoke(grantId, behaviour);
  });
  if (behaviour.delayMs > 0) await game.wait(behaviour.delayMs);
  return reply;
}

async function behave(
  behaviour: Behaviour,
  game: RouteContext,
  act: () => Reply,
): Promise<Reply | 'DROP'> {
  if (behaviour.do === 'dropBeforeGrant') return 'DROP';
  if (behaviour.do === 'fail') {
    const { status, retryAfter } = behaviour;
    const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
    return { ...problem(status, 'The game has a bad day.'), headers };
  }
  if (behaviour.do === 'applyLate') await game.wait(behaviour.applyAfterMs);
  const reply = act();
  return behaviour.do === 'dropAfterGrant' ? 'DROP' : reply;
}

function routeOf({ method, url }: Incoming): { verb: Verb; id: string } | null {
  const [, resource, id = '', rest = ''] = url.pathname.split('/').map(decodeURIComponent);
  switch (`${method} ${resource}${id && '/:id'}${rest && `/${rest}`}`) {
    case 'POST grants':
      return { verb: 'grant', id: '' };
    case 'GET grants/:id':
      return { verb: 'lookup', id };
    case 'DELETE grants/:id':
      return { verb: 'revoke', id };
    case 'GET players/:id/metrics':
      return { verb: 'metrics', id };
    default:
      return null;
  }
}

function parseGrant(body: string): GrantBody | Error {
  try {
    const asked = grantBody.parse(JSON.parse(body));
    const named = asked.grantId === `${asked.claimId}:${asked.reward.rewardId}`;
    return named ? asked : new Error('The grantId is not {claimId}:{rewardId}.');
  } catch (error) {
    return new Error(
      error instanceof z.ZodError ? z.prettifyError(error) : 'The body is not JSON.',
    );
  }
}

function metrics(known: Record<string, number>, url: URL): Reply {
  const names = (url.searchParams.get('names') ?? '').split(',');
  const found = Object.entries(known).filter(([name]) => names.includes(name));
  return { status: 200, body: { metrics: Object.fromEntries(found) } };
}
