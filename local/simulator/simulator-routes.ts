/** The provider contract's calls as they come in: who may enter, what is well-formed, what is done. */
import { z } from 'zod';
import { type Grants, problem, type Reply } from './simulator-grants.ts';
import type { Incoming } from './simulator-http.ts';
import type { GrantBody } from './simulator-ledger.ts';
import type { LoggedRequest } from './simulator-log.ts';
import type { Behaviour, Rules, Verb } from './simulator-rules.ts';
import { isSigned } from './simulator-signature.ts';

export interface Door {
  secret: string;
  now(): number;
  rules: Rules;
  grants: Grants;
  metricsOf(userId: string): Record<string, number>;
  /** Whose grant this is, where a `POST` of it ever came. */
  whose(grantId: string): { userId: string; eventId: string } | undefined;
  /** A well-formed `POST` came, whatever becomes of it. */
  arrived(asked: GrantBody): void;
  /** In milliseconds of real time. */
  wait(ms: number): Promise<void>;
}

const grantBody = z.strictObject({
  grantId: z.string(),
  claimId: z.string().min(1),
  userId: z.string().min(1),
  eventId: z.string().min(1),
  reward: z.strictObject({
    rewardId: z.string().min(1),
    kind: z.enum(['ITEM', 'CURRENCY', 'POINTS', 'COUPON']),
    name: z.string(),
    quantity: z.number().int().min(1),
  }),
});

/** Does what the call asks. Fills in `entry` on the way. @returns the answer, or to cut the line */
export async function enter(
  incoming: Incoming,
  entry: LoggedRequest,
  door: Door,
): Promise<Reply | 'DROP'> {
  const route = routeOf(incoming);
  if (!route) return problem(404, 'There is nothing here.');
  entry.verb = route.verb;
  entry.signed = isSigned(door.secret, incoming.headers, incoming.body, door.now());
  if (!entry.signed) return problem(401, 'The signature does not fit.');
  return route.verb === 'metrics'
    ? await tellMetrics(route.id, incoming.url, entry, door)
    : await doVerb(route.verb, route.id, incoming, entry, door);
}

/** A player's metrics, as far as the rules let it. */
async function tellMetrics(
  userId: string,
  url: URL,
  entry: LoggedRequest,
  door: Door,
): Promise<Reply | 'DROP'> {
  const behaviour = door.rules.decide({ verb: 'metrics', grantId: '', lineId: '', userId });
  entry.behaviour = behaviour.do;
  const reply = await behave(behaviour, door, () => metrics(door.metricsOf(userId), url));
  if (behaviour.delayMs > 0) await door.wait(behaviour.delayMs);
  return reply;
}

/** One of the three verbs on a grant, as far as the rules let it. */
async function doVerb(
  verb: Exclude<Verb, 'metrics'>,
  id: string,
  incoming: Incoming,
  entry: LoggedRequest,
  door: Door,
): Promise<Reply | 'DROP'> {
  const asked = verb === 'grant' ? parseGrant(incoming.body) : null;
  if (asked instanceof Error) return problem(400, asked.message);
  const grantId = asked?.grantId ?? id;
  entry.grantId = grantId;
  if (entry.idempotencyKey !== grantId)
    return problem(400, 'The Idempotency-Key is not the grant.');
  if (asked) door.arrived(asked);

  const lineId = grantId.slice(grantId.indexOf(':') + 1);
  const behaviour = door.rules.decide({
    verb,
    grantId,
    lineId,
    ...door.whose(grantId),
  });
  entry.behaviour = behaviour.do;
  const reply = await behave(behaviour, door, () => {
    if (asked) return door.grants.grant(asked, behaviour);
    return verb === 'lookup' ? door.grants.lookup(grantId) : door.grants.revoke(grantId, behaviour);
  });
  if (behaviour.delayMs > 0) await door.wait(behaviour.delayMs);
  return reply;
}

async function behave(behaviour: Behaviour, door: Door, act: () => Reply): Promise<Reply | 'DROP'> {
  if (behaviour.do === 'dropBeforeGrant') return 'DROP';
  if (behaviour.do === 'fail') {
    const { status, retryAfter } = behaviour;
    const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
    return { ...problem(status, 'The game has a bad day.'), headers };
  }
  if (behaviour.do === 'applyLate') await door.wait(behaviour.applyAfterMs);
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
