/** The entitlements that a claim needs: which slots of which rights, by name. */

interface ClaimLimits {
  eventId: string;
  claimsPerPeriod: number;
  /** Null, or absent on claims from before there were such limits: no limit. */
  claimsTotal?: number | null | undefined;
  /** As above: no group. */
  exclusiveGroup?: string | null | undefined;
}

/**
 * For each right that a claim needs, its slots in order: of the event in this period, then of the
 * event in total and of its group, where it has such limits. A player's claim needs one of each.
 *
 * No two rights share a name. An event's ID begins with `evt_`, so it is never `group`. A period's
 * key is `once`, a date, a week or a month, so it is never `total`. No part holds a slash.
 * @param periodKey of the claim's period; see `periodKey` in `period.ts`
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

function slots(right: string, count: number): string[] {
  return Array.from({ length: count }, (_, slot) => `${right}/${slot}`);
}

/**
 * The slots for a claim to take: of each right the first that is not taken. Null where a right has
 * none left, as entitlements are taken all or none.
 * @param wanted as `wantedEntitlements` answers it
 * @param taken the slots that other claims of the player have
 */
export function chooseEntitlements(
  wanted: readonly (readonly string[])[],
  taken: ReadonlySet<string>,
): string[] | null {
  const chosen: string[] = [];
  for (const right of wanted) {
    const free = right.find((slot) => !taken.has(slot));
    if (free === undefined) return null;
    chosen.push(free);
  }
  return chosen;
}
