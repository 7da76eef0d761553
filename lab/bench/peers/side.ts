/** One side of the comparison. */

import { sendUntilServed } from '../closed-loop.ts';
import type { Collections } from '../collections.ts';
import type { Answer, Wire } from '../http-wire.ts';
import type { Player } from '../players.ts';
import type { Outcome } from './saga.ts';

export interface Side {
  name: string;
  /** What runs here, in one sentence. */
  is: string;
  /** Processes whose CPU time counts: the engine's server, Node with our code, mongod. */
  pids(): { server: number[]; node: number[]; mongod: number[] };
  /** Kills Node with our code, which is then started again. Absent if other tests cover it. */
  crash?: () => void;
  /** The port on loopback that takes claims. */
  port: number;
  collections: Collections;
  /** Each may claim an event once. */
  players: Player[];
  /** A request for a claim with this key. It is answered once the claim is final. */
  request(player: Player, eventId: string, key: string): string;
  /** The outcome in an answer. @throws Error if it has none */
  outcomeIn(answer: Answer): Outcome;
  /** Claims of the event that are recorded as granted. */
  grantedOf(eventId: string): Promise<number>;
  /** Grants of the event in mailboxes. */
  mailsOf(eventId: string): Promise<number>;
  /** Makes the mailbox refuse this grant later. Absent if nothing can refuse. */
  refuseMail?: (grantId: string) => Promise<void>;
}

/** Sends one claim and returns its outcome. */
export async function claimOn(
  side: Side,
  wire: Wire,
  { player, eventId, key }: { player: Player; eventId: string; key: string },
): Promise<Outcome> {
  return side.outcomeIn(await sendUntilServed(wire, side.request(player, eventId, key)));
}

/** The ID of a process. @throws Error if it does not run */
export function pidOf(pids: Record<string, number | undefined>, name: string): number {
  const pid = pids[name];
  if (pid === undefined) throw new Error(`there is no process ${name}`);
  return pid;
}
