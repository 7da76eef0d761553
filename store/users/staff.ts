/** Who makes a change as staff. The audit log records it with every such change. */
import type { ClientSession } from 'mongoose';
import type { Role } from '../../domain/user.ts';

export interface StaffContext {
  actor: { userId: string; role: Role };
  /** The HTTP request's ID; the command's name where there is no request. */
  requestId: string;
  /** The client's address; none where no HTTP request made the change. */
  from?: string;
}

/** The context of a change by staff: its transaction also holds the audit log's entry. */
export interface StaffWrite extends StaffContext {
  session: ClientSession;
}
