/** `/control/…`: reads and controls the simulator over HTTP, for people with curl and other processes. */
import { z } from 'zod';
import { type Grants, problem, type Reply } from './simulator-grants.ts';
import type { LedgerGrant } from './simulator-ledger.ts';
import type { LoggedRequest } from './simulator-log.ts';
import { type RuleInput, rulesShape } from './simulator-rules.ts';

/** What can be read and controlled: directly in a test, and over HTTP under `/control`. */
export interface Controls {
  rules: {
    /** Adds rules at the end. The first rule that fits a call applies. @throws ZodError */
    add(rules: RuleInput | RuleInput[]): void;
    /** Removes all rules, or those that name this event. */
    clear(eventId?: string): void;
  };
  /** Every grant, oldest first. */
  ledger(): LedgerGrant[];
  /** Every call that came in, oldest first. */
  requests(): LoggedRequest[];
  /** Changes settings; those that are absent stay. */
  configure(settings: SimulatorSettings): void;
  /** Replaces what the game knows of a player. */
  setMetrics(userId: string, metrics: Record<string, number>): void;
  settle: Grants['settle'];
}

const settings = z.strictObject({
  /** Where callbacks go: Laurel's `…/api/provider-callbacks/{name}`. */
  callbackUrl: z.url({ protocol: /^https?$/ }).exactOptional(),
  /** Whether the `DELETE` of an unknown grant is remembered. */
  tombstones: z.boolean().exactOptional(),
});
export type SimulatorSettings = z.infer<typeof settings>;

const metrics = z.record(z.string(), z.number());
const ending = z.strictObject({ outcome: z.enum(['GRANTED', 'REFUSED']) });

/** Answers one control call. @param call its `path` begins after `/control` */
export function control(
  call: { method: string; path: string; body: string },
  sim: Controls,
): Reply {
  try {
    return steer(call, sim);
  } catch (error) {
    if (error instanceof z.ZodError) return problem(400, z.prettifyError(error));
    if (error instanceof SyntaxError) return problem(400, 'The body is not JSON.');
    throw error;
  }
}

function steer(call: { method: string; path: string; body: string }, sim: Controls): Reply {
  const [, resource, id = '', rest = ''] = call.path.split('/').map(decodeURIComponent);
  const done: Reply = { status: 204 };
  switch (`${call.method} ${resource}${id && '/:id'}${rest && `/${rest}`}`) {
    case 'POST rules':
      sim.rules.add(rulesShape.parse(JSON.parse(call.body)));
      return done;
    case 'DELETE rules':
      sim.rules.clear();
      return done;
    case 'GET ledger':
      return { status: 200, body: { grants: sim.ledger() } };
    case 'GET requests':
      return { status: 200, body: { requests: sim.requests() } };
    case 'PATCH settings':
      sim.configure(settings.parse(JSON.parse(call.body)));
      return done;
    case 'PUT players/:id/metrics':
      sim.setMetrics(id, metrics.parse(JSON.parse(call.body)));
      return done;
    case 'POST grants/:id/settle':
      return sim.settle(id, ending.parse(JSON.parse(call.body)).outcome)
        ? done
        : problem(409, 'This grant is not pending.');
    default:
      return problem(404, 'There is no such control.');
  }
}
