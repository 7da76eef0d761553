/** How a process ends that cannot go on: with a reason for whoever started it. */
import { isGrpcServiceError, ServiceError } from '@temporalio/client';
import { SetupError } from '../domain/errors.ts';
import { databaseTrouble } from '../store/mongodb/connection.ts';
import { leave } from './shutdown.ts';

/** Of gRPC: `DEADLINE_EXCEEDED`, `UNAVAILABLE`. */
const NOT_REACHED = [4, 14];

/** What Temporal's server said, or gRPC for it: the SDK wraps some of it. */
function ofTemporal(error: Error): (Error & { code: number }) | null {
  const raised = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(raised) ? raised : null;
}

/** What a person can mend is said in words; a mistake of ours keeps its stack. */
export function reasonOf(error: unknown): string {
  if (error instanceof SetupError) return error.message;
  if (!(error instanceof Error)) return String(error);
  switch (databaseTrouble(error)) {
    case 'AWAY':
      return `MongoDB cannot be reached: ${error.message}`;
    case 'REFUSES':
      return `MongoDB refuses: ${error.message} (code ${(error as { code?: unknown }).code})`;
  }
  const told = ofTemporal(error);
  if (!told) return error.stack ?? error.message;
  const how = NOT_REACHED.includes(told.code) ? 'cannot be reached' : 'refuses';
  return `Temporal ${how}: ${told.message}`;
}

/** Ends the process with 1 and the reason, for anything that nobody caught. */
export function endOnFatal(name: string): void {
  let isEnding = false;
  process.on('uncaughtException', (error) => {
    if (isEnding) return;
    isEnding = true;
    process.stderr.write(`${name}: ${reasonOf(error)}\n`);
    leave(1);
  });
}
