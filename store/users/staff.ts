/** Who acts, for every change by staff: the seam through which the audit log will be written. */
import type { ClientSession } from 'mongoose';
import type { Role } from '../../domain/user.ts';

export interface StaffContext {
  actor: { userId: string; role: Role };
  /** The HTTP request's ID, or the command's name where there is none. */
  requestId: string;
}

/** What a staff verb runs in: the transaction that will hold its audit entry as well. */
export interface StaffWrite extends StaffContext {
  session: ClientSession;
}
