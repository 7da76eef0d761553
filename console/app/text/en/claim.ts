import type { Claim, Reason } from '../../types.ts';

type Next = NonNullable<Claim['forStaff']>['next']['what'];

/** What an answer to a player names. All are written in the answer's language. */
interface Answered {
  event: string;
  rewards: string;
  claimedAt: string;
  grantedAt: string;
}

export const claim = {
  title: 'Claim',
  stale: 'The connection is interrupted. What you see may be old; it goes on by itself.',
  id: 'Claim ID',
  player: 'Player',
  accepted: 'Claimed',
  updated: 'Last change',
  next: {
    NOTHING: 'Nothing more happens. The claim is final.',
    VALIDATE: 'The player and the event are checked next. It goes on by itself.',
    CHECK_CONDITION: 'The condition is being checked. It goes on by itself.',
    RESERVE: 'Units of the stock are set aside next. It goes on by itself.',
    ASK_PROVIDER:
      'The provider is being asked. A failed call is tried again by itself; if it keeps failing, the claim is parked.',
    SETTLE: 'Everything is delivered. The end is being recorded.',
    UNDO: 'What was begun is being taken back. It goes on by itself.',
    PARKED_UNTIL_DECIDED:
      'It waits until an admin retries or aborts it, or until its provider reports an outcome.',
    PARKED_THEN_RETRY: 'It waits for an admin. Without a decision it is retried by itself.',
    PARKED_THEN_ABORT: 'It waits for an admin. Without a decision it is aborted by itself.',
    RETRY: 'It was decided to retry it. It goes on in a moment.',
    ABORT: 'It was decided to abort it. It is undone in a moment.',
  } satisfies Record<Next, string>,
  nextAt: 'That is at',
  parkedBecause: 'Why it is parked',
  run: 'The run in Temporal',
  answerTitle: 'Answer for the player',
  answerHint: 'Made of the claim’s state and reason. Nothing internal is in it.',
  copyKorean: 'Copy in Korean',
  copyEnglish: 'Copy in English',
  korean: 'Korean',
  english: 'English',
  story: 'What happened',
  rewards: 'Rewards',
  reward: 'Reward',
  kind: 'Kind',
  quantity: 'Quantity',
  lineState: 'State',
  granted: 'Granted',
  providerSaid: 'What the provider said',
  grantId: 'ID at the provider',
  stock: 'Stock levels now',
  stockTotal: 'Stock',
  stockAvailable: 'Available',
  stockHeld: 'Held',
  stockGranted: 'Granted',
  unlimited: 'Unlimited',
  condition: 'The condition as judged',
  noCondition: 'The event had no condition.',
  conditionMet: 'It was met. The numbers are kept only for a condition that is not met.',
  conditionOpen: 'It is not judged yet.',
  judgedFor: 'Judged for',
  judgedBy: 'What it is judged by',
  judgedByHint: 'The event as it was when the claim was accepted. Later changes do not count.',
  eventVersion: 'Version of the event',
  period: 'Period',
  playWindow: 'Counts from',
  playUntil: 'Counts until',
  claimableUntil: 'Claimable until',
  parkedAfter: 'If parked',
  parkedAfterWait: 'It waits for a decision, however long',
  parkedAfterRetry: (hours: string) => `Retried by itself after ${hours} hours`,
  parkedAfterAbort: (hours: string) => `Aborted by itself after ${hours} hours`,
  decisions: 'Decisions and notes',
  noDecisions: 'Nobody has decided anything about this claim.',
  lastDecision: 'Of several decisions your role sees the last one.',
  decision: 'Decision',
  by: 'By',
  decidedAt: 'When',
  decisionNote: 'Note',
  bySelf: 'By itself, after the event’s time',
  retry: 'Retry…',
  abort: 'Abort…',
  retryTitle: 'Retry this claim',
  abortTitle: 'Abort this claim',
  retryHint: 'It tries again from the step that it stands at. Nothing is granted twice.',
  abortHint:
    'It is undone and ends as failed. The player gets nothing from it. This cannot be taken back.',
  retryConfirm: 'Retry claim',
  abortConfirm: 'Abort claim',
  retried: 'The claim is retried.',
  aborted: 'The claim is aborted.',
  answer: {
    hello: 'Hello,',
    granted: ({ event, rewards, grantedAt }: Answered) =>
      `Your reward of the event “${event}” was delivered on ${grantedAt}: ${rewards}. If you do not see it, please sign in to the game again.`,
    running: ({ event, rewards, claimedAt }: Answered) =>
      `We have your request of ${claimedAt} for the event “${event}” (${rewards}), and it is being processed. You do not need to claim again.`,
    parked: ({ event, rewards, claimedAt }: Answered) =>
      `We have your request of ${claimedAt} for the event “${event}” (${rewards}). It takes longer than usual, and our team is looking into it. Your request is kept; you do not need to claim again.`,
    undone: ({ event, rewards, claimedAt }: Answered) =>
      `Your request of ${claimedAt} for the event “${event}” (${rewards}) could not be completed and is being cancelled. We will have the final result shortly.`,
    refused: ({ event, rewards, claimedAt }: Answered) =>
      `Your request of ${claimedAt} for the event “${event}” (${rewards}) could not be completed.`,
    because: {
      USER_NOT_ACTIVE: 'The account was not active when we processed it.',
      EVENT_NOT_OPEN: 'The event was not open for claims at that time.',
      ALREADY_CLAIMED: 'You had already claimed it as often as the event allows.',
      CONDITION_NOT_MET:
        'The event’s conditions were not met at that time. Once you meet them, you can claim again while the event is open.',
      SOLD_OUT: 'There was none left of the reward.',
      FULFILLMENT_REFUSED: 'The reward could not be delivered. Your claim does not count as used.',
      FULFILLMENT_UNAVAILABLE:
        'The reward could not be delivered. Your claim does not count as used: you can claim again while the event is open.',
      FULFILLMENT_UNKNOWN:
        'The reward could not be delivered. Your claim does not count as used: you can claim again while the event is open.',
      COMPENSATION_FAILED: 'The reward could not be delivered.',
      ABORTED_BY_ADMIN:
        'The reward could not be delivered. Your claim does not count as used: you can claim again while the event is open.',
      INTERNAL:
        'The reward could not be delivered. Your claim does not count as used: you can claim again while the event is open.',
    } satisfies Record<Reason, string>,
    reference: (claimId: string) => `Reference: ${claimId}`,
  },
};
