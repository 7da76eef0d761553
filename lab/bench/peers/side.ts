/** One of those that are compared. */

import type { Collections } from '../collections.ts';
import { sendUntilServed } from '../closed-loop.ts';
import type { Player } from '../players.ts';
import type { Answer, Wire } from '../http-wire.ts';
import type { Outcome } from './saga.ts';

export interface Side {
  name: string;
  /** What runs here, in a line. */
  is: string;
  /** Processes whose CPU time a claim costs: the engine's server, Node with our code, mongod. */
  pids(): { server: number[]; node: number[]; mongod: number[] };
  /** `kill -9` of Node with our code, which is started again; absent where another test does that. */
  crash?: () => void;
  /** Where claims are posted, on loopback. */
  port: number;
  collections: Collections;
  /** Each may claim an event once. */
  players: Player[];
  /** What to post for a claim with that key, answered once the claim is final. */
  request(player: Player, eventId: string, key: string): string;
  /** @throws Error where the answer holds none */
  outcomeIn(answer: Answer): Outcome;
  /** How many claims of the event are recorded as granted. */
  grantedOf(eventId: string): Promise<number>;
  /** How many grants of the event lie in its mailboxes. */
  mailsOf(eventId: string): Promise<number>;
  /** Has that grant refused when it comes; absent where nobody is asked who could refuse. */
  refuseMail?: (grantId: string) => Promise<void>;
}

/** One claim, from the request to how it ended. */
export async function claimOn(
  side: Side,
  wire: Wire,
  { player, eventId, key }: { player: Player; eventId: string; key: string },
): Promise<Outcome> {
  return side.outcomeIn(await sendUntilServed(wire, side.request(player, eventId, key)));
}

/** @throws Error where a process is not there */
export function pidOf(pids: Record<string, number | undefined>, name: string): number {
  const pid = pids[name];
  if (pid === undefined) throw new Error(`there is no process ${name}`);
  return pid;
}
