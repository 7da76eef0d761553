/**
 * The entitlements that a claim needs. Each is a slot in one of a player's limits, known by its
 * name.
 */

interface ClaimLimits {
  eventId: string;
  claimsPerPeriod: number;
  /** Null or absent: no limit. Old claims were made before there was one. */
  claimsTotal?: number | null | undefined;
  /** Null or absent: no group. */
  exclusiveGroup?: string | null | undefined;
}

/**
 * The slots of each limit that a claim counts in, one list a limit: the event's claims in this
 * period, then the event's claims in total and the group of events, where the event has such
 * limits. A claim needs one slot of each list.
 *
 * No two slots have the same name. An event's ID begins with `evt_`, so it is never `group`. A
 * period's key is `once`, a date, a week or a month, so it is never `total`. No part contains a
 * slash.
 * @param periodKey the key of the claim's period; see `periodKey` in `period.ts`
 * @example
 * const limits = { eventId: 'evt_1', claimsPerPeriod: 2, claimsTotal: 1, exclusiveGroup: 'winter' };
 * wantedEntitlements(limits, '2026-11-22');
 * // [['evt_1/2026-11-22/0', 'evt_1/2026-11-22/1'], ['evt_1/total/0'], ['group/winter']]
 */
export function wantedEntitlements(limits: ClaimLimits, periodKey: string): string[][] {
  const { eventId, claimsPerPeriod, claimsTotal = null, exclusiveGroup = null } = limits;
  const wanted = [slots(`${eventId}/${periodKey}`, claimsPerPeriod)];
  if (claimsTotal !== null) wanted.push(slots(`${eventId}/total`, claimsTotal));
  if (exclusiveGroup !== null) wanted.push([`group/${exclusiveGroup}`]);
  return wanted;
}

function slots(limit: string, count: number): string[] {
  return Array.from({ length: count }, (_, slot) => `${limit}/${slot}`);
}

/**
 * The slots that a claim takes: the first free slot of each list. Null if a list has no free slot,
 * as a claim takes all of its entitlements or none.
 * @param wanted the result of `wantedEntitlements`
 * @param taken the slots that other claims of the player have
 */
export function chooseEntitlements(
  wanted: readonly (readonly string[])[],
  taken: ReadonlySet<string>,
): string[] | null {
  const chosen = wanted.map((slotsOfLimit) => slotsOfLimit.find((slot) => !taken.has(slot)));
  return chosen.every((slot) => slot !== undefined) ? chosen : null;
}
