/** How the game misbehaves for one claim: what the model expects, and the simulator's rules for it. */
import type { RuleInput } from '../../local/simulator/simulator-rules.ts';

/**
 * What one S4, with all its attempts, meets at the provider. `DOWN`: every call fails. `MUTE`: the
 * connection is cut before anything is done. `DEAF`: the grant is given, and no answer about it
 * arrives. `REFUSE`: a final no. `PEND`: the grant is pending.
 */
export type Try = 'DOWN' | 'MUTE' | 'DEAF' | 'REFUSE' | 'PEND';

type Rule = RuleInput extends infer R ? (R extends object ? Omit<R, 'grantId'> : never) : never;

/** Attempts in S4 after which a claim is parked. */
export const MAX_ATTEMPTS = 3;

/** The first try comes before these attempts, so each fault has to last for one call more. */
const FIRST_TRY = 1;

interface Fault {
  /** What the first line meets at each S4. Empty if the product recovers without parking. */
  tries: Try[];
  /** The same as rules of the simulator. */
  rules: Rule[];
  /** Which lines the game refuses to take back, once. */
  stubborn?: 'FIRST' | 'OTHERS';
}

const down = (parkings: number): Rule => {
  return { do: 'fail', on: ['grant', 'lookup'], times: parkings * MAX_ATTEMPTS + FIRST_TRY };
};
const MUTE: Rule = {
  do: 'dropBeforeGrant',
  on: ['grant', 'lookup'],
  times: MAX_ATTEMPTS + FIRST_TRY,
};
const DEAF: Rule[] = [
  { do: 'dropAfterGrant', times: 1 },
  { do: 'dropBeforeGrant', on: ['lookup'], times: MAX_ATTEMPTS - 1 + FIRST_TRY },
];
const SOON = { do: 'pending', settleAfterMs: 50, times: 1 } as const;
const PEND: Rule = { do: 'pending', times: 1 };

/** The rule for a line that is not to be taken back. */
export const STUBBORN: Rule = { do: 'refuseRevoke', times: 1 };

/** All faults by name. A name completes the sentence "the game …". */
export const FAULTS = {
  none: { tries: [], rules: [] },
  stumbles: { tries: [], rules: [{ do: 'fail', times: 1 }] },
  'drops its answer': { tries: [], rules: [{ do: 'dropAfterGrant', times: 1 }] },
  'grants soon': { tries: [], rules: [SOON] },
  'refuses soon': { tries: ['REFUSE'], rules: [{ ...SOON, outcome: 'REFUSED' }] },
  refuses: { tries: ['REFUSE'], rules: [{ do: 'refuse' }] },
  'refuses one and keeps the others': {
    tries: ['REFUSE'],
    rules: [{ do: 'refuse' }],
    stubborn: 'OTHERS',
  },
  'is down': { tries: ['DOWN'], rules: [down(1)] },
  'is down for long': { tries: ['DOWN', 'DOWN'], rules: [down(2)] },
  'is mute': { tries: ['MUTE'], rules: [MUTE] },
  'is deaf': { tries: ['DEAF'], rules: DEAF },
  'is deaf and keeps it': { tries: ['DEAF'], rules: DEAF, stubborn: 'FIRST' },
  'leaves it pending': { tries: ['PEND'], rules: [PEND] },
  'leaves one pending and keeps the others': {
    tries: ['PEND'],
    rules: [PEND],
    stubborn: 'OTHERS',
  },
} as const satisfies { [name: string]: Fault };

export type FaultName = keyof typeof FAULTS;

/** The fault with this name. */
export const faultOf = (name: FaultName): Fault => FAULTS[name];

/** Whether the game refuses to take this line back under this fault. */
export function isStubborn(name: FaultName, lineIndex: number): boolean {
  const { stubborn } = faultOf(name);
  return stubborn === (lineIndex === 0 ? 'FIRST' : 'OTHERS');
}
