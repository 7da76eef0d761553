import type { ClaimState, Line, Operation, Reason, Role, Step, UserStatus } from '../../types.ts';

/** The API's own values in the viewer's language. */
export const words = {
  claimState: {
    PENDING_VALIDATION: 'Validating',
    CHECKING_CONDITIONS: 'Checking the condition',
    RESERVING_STOCK: 'Reserving stock',
    FULFILLING: 'Delivering',
    GRANTED: 'Granted',
    COMPENSATING: 'Being undone',
    NEEDS_ATTENTION: 'Parked',
    REJECTED: 'Rejected',
    FAILED: 'Failed',
  } satisfies Record<ClaimState, string>,
  reason: {
    USER_NOT_ACTIVE: 'User not active',
    EVENT_NOT_OPEN: 'Event not open',
    ALREADY_CLAIMED: 'Already claimed',
    CONDITION_NOT_MET: 'Condition not met',
    SOLD_OUT: 'Sold out',
    FULFILLMENT_REFUSED: 'Refused by the provider',
    FULFILLMENT_UNAVAILABLE: 'Provider not available',
    FULFILLMENT_UNKNOWN: 'Outcome at the provider unknown',
    COMPENSATION_FAILED: 'Could not be undone',
    ABORTED_BY_ADMIN: 'Aborted by an admin',
    INTERNAL: 'Internal error',
  } satisfies Record<Reason, string>,
  step: {
    S0_ACCEPT: 'Acceptance',
    S1_VALIDATE: 'Validation',
    S2_CONDITIONS: 'Condition check',
    S3_RESERVE: 'Stock reservation',
    S4_FULFIL: 'Delivery',
    S5_SETTLE: 'Settlement',
    UNDO_FULFIL: 'Taking the delivery back',
    UNDO_RESERVE: 'Releasing the stock',
    UNDO_ENTITLEMENT: 'Giving the entitlement back',
  } satisfies Record<Step['step'], string>,
  outcome: {
    OK: 'OK',
    SKIPPED: 'Nothing to do',
    REFUSED: 'Refused',
    FAILED: 'Failed',
    PARKED: 'Parked',
    STOPPED: 'Stopped',
  } satisfies Record<Step['outcome'], string>,
  lineState: {
    PENDING: 'Pending',
    GRANTED: 'Granted',
    REVOKED: 'Taken back',
    CANCELLED: 'Not asked for',
  } satisfies Record<Line['state'], string>,
  kind: {
    ITEM: 'Item',
    CURRENCY: 'Currency',
    POINTS: 'Points',
    COUPON: 'Coupon',
  } satisfies Record<Line['kind'], string>,
  role: {
    PLAYER: 'Player',
    SUPPORT: 'Support',
    OPERATOR: 'Operator',
    AUDITOR: 'Auditor',
    ADMIN: 'Admin',
    GAME_SERVER: 'Game server',
  } satisfies Record<Role, string>,
  userStatus: {
    ACTIVE: 'Active',
    SUSPENDED: 'Suspended',
    BANNED: 'Banned',
    WITHDRAWN: 'Withdrawn',
  } satisfies Record<UserStatus, string>,
  eventStatus: {
    DRAFT: 'Draft',
    ACTIVE: 'Active',
    PAUSED: 'Paused',
    ENDED: 'Ended',
  },
  operationState: {
    RUNNING: 'Running',
    STOPPED: 'Stopped',
    DONE: 'Done',
  } satisfies Record<Operation['state'], string>,
  action: { RETRY: 'Retry', ABORT: 'Abort', ERASE: 'Erase a user' } satisfies Record<
    Operation['action'],
    string
  >,
};
