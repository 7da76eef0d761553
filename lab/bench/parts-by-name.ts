/** The parts of the benchmark, by name. */
import { benchClaims } from './claims.ts';
import { benchFair } from './fair.ts';
import { benchFlash } from './flash.ts';
import { benchGrowth } from './growth.ts';
import { benchIngest } from './ingest.ts';
import { benchIssuers } from './issuers.ts';
import { benchLatency } from './latency.ts';
import { benchLists } from './lists.ts';
import { benchMemory } from './memory.ts';
import { benchObserved } from './observed.ts';
import type { Part } from './options.ts';
import { benchPeers } from './peers/peers-part.ts';
import { benchRefuse } from './refuse.ts';
import { benchReserve } from './reserve.ts';
import { benchSlow } from './slow.ts';
import { benchStatus } from './status.ts';

/** What each part measures, and the function that does. */
export const PARTS: Record<string, { measures: string; run: Part }> = {
  claims: { measures: 'claims granted a second, beside a null workflow', run: benchClaims },
  reserve: { measures: 'reservations a second, beside a bare $inc', run: benchReserve },
  refuse: { measures: 'sold-out answers a second, beside a bare route', run: benchRefuse },
  status: { measures: 'claims read a second, beside a bare route', run: benchStatus },
  flash: { measures: '10,000 players on 1,000 units', run: benchFlash },
  fair: { measures: "a cold event's claim beside a hot event", run: benchFair },
  slow: { measures: "a quick provider's claim beside a slow one's", run: benchSlow },
  latency: { measures: 'one claim at a time, beside a null workflow', run: benchLatency },
  memory: { measures: 'API and worker after a flash', run: benchMemory },
  growth: { measures: 'a claim after none, 100,000 and 1,000,000 others', run: benchGrowth },
  lists: { measures: "the console's lists after 100 and 1,000,000 claims", run: benchLists },
  ingest: { measures: 'activity events a second, beside bare bulk writes', run: benchIngest },
  issuers: { measures: "a claim by an issuer's token, beside our own", run: benchIssuers },
  observed: { measures: 'processes with metrics and traces, beside none', run: benchObserved },
  peers: { measures: 'the same saga on Restate and on DBOS', run: benchPeers },
};
