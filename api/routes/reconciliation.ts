/** `/api/reconciliation`: what the last passes mended, and whether each reward's stock adds up. */
import { createRoute, z } from '@hono/zod-openapi';
import type { EventStore } from '../../store/events/events.ts';
import type { ReconciliationStore } from '../../store/reconciliations.ts';
import type { StockStore } from '../../store/stock/stock.ts';
import { type AuthDeps, access, GUARDED } from '../identity/auth.ts';
import { problems } from '../problem.ts';
import { json, newRouter } from '../router.ts';

export interface ReconciliationRouteDeps extends AuthDeps {
  store: {
    events: Pick<EventStore, 'latestTitles'>;
    reconciliations: ReconciliationStore;
    stock: StockStore;
  };
}

/** The last passes of reconciliation. */
const RUNS_SHOWN = 20;

/** The newest events, whose stock levels are shown: the answer must not grow with the years. */
const EVENTS_SHOWN = 500;

const Run = z
  .object({
    startedAt: z.iso.datetime(),
    endedAt: z.iso.datetime(),
    mended: z.object({
      runsStarted: z.int(),
      decisionsSent: z.int(),
      claimsStopped: z.int(),
      parkingsExpired: z.int(),
      holdsFreed: z.int(),
    }),
    failures: z.int().openapi({ description: 'What could not be done in this run.' }),
    unbalanced: z.array(z.string()).openapi({
      description: 'Stock buckets whose books did not add up. There must be none.',
    }),
  })
  .openapi('ReconciliationRun');

const RewardLevels = z
  .object({
    eventId: z.string(),
    title: z.string().openapi({ description: "The event's." }),
    rewardId: z.string(),
    stock: z.int(),
    available: z.int(),
    held: z.int(),
    granted: z.int(),
    holds: z.boolean().openapi({ description: '`stock = available + held + granted`' }),
  })
  .openapi('RewardBooks');

export function reconciliationRoutes(deps: ReconciliationRouteDeps) {
  const { events, reconciliations, stock } = deps.store;
  const read = createRoute({
    ...access(deps, 'AUDITOR', 'ADMIN'),
    method: 'get',
    path: '/api/reconciliation',
    summary: 'The last runs of reconciliation, and the invariant per reward',
    tags: ['Operation'],
    responses: {
      200: json(
        z.object({
          addsUp: z.boolean().openapi({
            description:
              'Whether each reward shown holds the invariant, and the last run found no other.',
          }),
          runs: z.array(Run),
          invariant: z.array(RewardLevels),
        }),
        'The last runs, the newest first, and the books of each limited reward',
      ),
      ...problems(...GUARDED),
    },
  });

  return newRouter().openapi(read, async (c) => {
    const titles = await events.latestTitles(EVENTS_SHOWN);
    const [runs, levels] = await Promise.all([
      reconciliations.latest(RUNS_SHOWN),
      stock.levelsOfEvents([...titles.keys()]),
    ]);
    const invariant = levels.map((of) => ({
      ...of,
      title: titles.get(of.eventId) ?? '',
      holds: of.stock === of.available + of.held + of.granted,
    }));
    const lastFoundNone = (runs[0]?.unbalanced ?? []).length === 0;
    return c.json(
      {
        addsUp: lastFoundNone && invariant.every(({ holds }) => holds),
        runs: runs.map(({ startedAt, endedAt, failures, unbalanced, ...mended }) => ({
          startedAt: startedAt.toISOString(),
          endedAt: endedAt.toISOString(),
          mended,
          failures,
          unbalanced,
        })),
        invariant,
      },
      200,
    );
  });
}
