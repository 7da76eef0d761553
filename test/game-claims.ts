/** Claims whose rewards come from the simulated game, and what the game saw of them. */
import type { EventFields, Reward } from '../domain/events/event.ts';
import type { LoggedRequest } from '../local/simulator/simulator-log.ts';
import type { RuleInput } from '../local/simulator/simulator-rules.ts';
import { claimIdOf } from '../store/claims/claim-record.ts';
import { CAPE, gameEvent } from './helpers.ts';
import type { Laurel } from './laurel.ts';

const KEY = 'at-the-game';

/** A second reward beside the cape, limited too. */
export const MOUNT: Reward = { ...CAPE, rewardId: 'mount', name: 'Reindeer' };

/** A rule of the simulator's; the claim it is for is added. */
export type Rule = RuleInput extends infer R
  ? R extends object
    ? Omit<R, 'eventId'>
    : never
  : never;

/**
 * A player claims a new event at the simulated game, which misbehaves by these rules for this claim
 * alone. `given` changes the event; `plan` is called with the claim's ID before there is a claim.
 */
export async function claimAtGame(
  laurel: Laurel,
  rules: Rule[] = [],
  given: Partial<EventFields> = {},
  plan: (claimId: string) => void = () => {},
) {
  const { eventId } = await gameEvent(laurel, given);
  const { id, token } = await laurel.signIn();
  laurel.game.rules.add(rules.map((rule) => ({ ...rule, eventId }) as RuleInput));
  const claimId = claimIdOf(id, KEY);
  plan(claimId);
  await laurel.claim(eventId, token, { key: KEY });
  return { eventId, claimId, id, token, grantId: `${claimId}:cape` };
}

/** The calls the game got for one line of a claim, oldest first. */
export function requestsFor(laurel: Laurel, claimId: string, lineId = 'cape'): LoggedRequest[] {
  return laurel.game.requests().filter((r) => r.grantId === `${claimId}:${lineId}`);
}

/** Resolves once the game has got that call for a line of the claim, so many times. */
export async function asked(
  laurel: Laurel,
  claimId: string,
  verb: LoggedRequest['verb'],
  { lineId = 'cape', times = 1 }: { lineId?: string; times?: number } = {},
): Promise<void> {
  const isThere = () =>
    requestsFor(laurel, claimId, lineId).filter((r) => r.verb === verb).length >= times;
  await laurel.game.waitFor(isThere);
}

/** Resolves once the game has answered that call. */
export async function answered(
  laurel: Laurel,
  claimId: string,
  verb: LoggedRequest['verb'],
  lineId = 'cape',
): Promise<void> {
  const isThere = () =>
    requestsFor(laurel, claimId, lineId).some((r) => r.verb === verb && r.answer !== null);
  await laurel.game.waitFor(isThere);
}
