/** What people do to the product, and each operation as a text for a reader. */
import type { EventStatus } from '../../domain/events/event.ts';
import type { UserStatus } from '../../domain/user.ts';
import type { FaultName } from './game-faults.ts';

/** One operation. Its targets are names of the model. */
export type Operation =
  | {
      do: 'claim';
      player: string;
      key: string;
      event: string;
      /** The reward that the body names. Null for none. */
      choice: string | null;
      fault: FaultName;
    }
  | { do: 'set status'; player: string; status: UserStatus }
  | { do: 'set stock'; event: string; rewardId: string; stock: number }
  | { do: 'set claims per period'; event: string; claimsPerPeriod: number }
  | { do: 'move event'; event: string; to: EventStatus }
  | { do: 'delete event'; event: string }
  | { do: 'decide'; claim: string; action: 'RETRY' | 'ABORT' }
  | { do: 'decide on all'; event: string; action: 'RETRY' | 'ABORT' }
  /** The game decides on a claim's pending grants. */
  | { do: 'settle'; claim: string; outcome: 'GRANTED' | 'REFUSED' }
  | { do: 'restart workers' };

/** The operation as one line of text. */
export function describeOperation(operation: Operation): string {
  switch (operation.do) {
    case 'claim': {
      const { player, event, choice, key, fault } = operation;
      const what = choice === null ? event : `${choice} of ${event}`;
      const game = fault === 'none' ? '' : `; the game ${fault}`;
      return `${player} claims ${what} with the key ${key}${game}`;
    }
    case 'set status':
      return `an admin makes ${operation.player} ${operation.status}`;
    case 'set stock':
      return `an operator sets the stock of ${operation.rewardId} of ${operation.event} to ${operation.stock}`;
    case 'set claims per period':
      return `an operator allows ${operation.claimsPerPeriod} claims a period of ${operation.event}`;
    case 'move event':
      return `an operator makes ${operation.event} ${operation.to}`;
    case 'delete event':
      return `an operator deletes ${operation.event}`;
    case 'decide':
      return `an admin says ${operation.action} to ${operation.claim}`;
    case 'decide on all':
      return `an admin says ${operation.action} to every parked claim of ${operation.event}`;
    case 'settle':
      return `the game decides ${operation.claim}: ${operation.outcome}`;
    case 'restart workers':
      return 'the workers are restarted';
  }
}
