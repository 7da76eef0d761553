/** The overview that all who look at it share, ready to be sent. */
import type { Logger } from 'pino';
import { levelOf } from '../../store/mongodb/connection.ts';
import { createFeed, type Feed } from './feed.ts';
import { type OverviewDeps, readOverview } from './overview.ts';
import type { Overview } from './overview-schema.ts';

/** An overview as it is sent. It is turned into text once, however many look at it. */
export interface MadeOverview {
  overview: Overview;
  /** Everything but the time, as JSON: what is compared. */
  said: string;
  /** The server-sent event. */
  event: Uint8Array;
}

export type OverviewFeed = Feed<MadeOverview>;

/** @param deps `everyMs` is how often it is made, in milliseconds; two seconds unless given */
export function createOverviewFeed(
  deps: OverviewDeps & { log: Logger; everyMs?: number },
): OverviewFeed {
  const { everyMs, log } = deps;
  return createFeed({
    ...(everyMs !== undefined && { everyMs }),
    make: async () => made(await readOverview(deps)),
    isSame: (a, b) => a.said === b.said,
    onFailure: (err) => log[levelOf(err)]({ err }, 'no overview could be made'),
  });
}

function made(overview: Overview): MadeOverview {
  const { at, ...rest } = overview;
  const said = JSON.stringify(rest);
  const data = `{"at":${JSON.stringify(at)},${said.slice(1)}`;
  return { overview, said, event: new TextEncoder().encode(`event: overview\ndata: ${data}\n\n`) };
}
