/** Which claims are granted in one go: those that ask nobody outside. */

interface Asked {
  snapshot: { provider: string; condition?: object | null };
}

/**
 * Whether S1 to S5 may be one activity: the reward is a write in our own database, and no condition
 * is to be judged. Anything that is not as usual on it goes the long way, step by step.
 */
export function isShortWay({ snapshot }: Asked): boolean {
  return snapshot.provider === 'mailbox' && !snapshot.condition;
}
