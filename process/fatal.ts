/** How a process ends when it cannot go on: with a reason for the person who started it. */
import { isGrpcServiceError, ServiceError } from '@temporalio/client';
import { SetupError } from '../domain/errors.ts';
import { databaseTrouble } from '../store/mongodb/connection.ts';
import { leave } from './shutdown.ts';

/** gRPC's codes `DEADLINE_EXCEEDED` and `UNAVAILABLE`. */
const NOT_REACHED = [4, 14];

/** The reason in words if a person can fix it. A bug of ours keeps its stack trace. */
export function reasonOf(error: unknown): string {
  if (error instanceof SetupError) return error.message;
  if (!(error instanceof Error)) return String(error);
  switch (databaseTrouble(error)) {
    case 'AWAY':
      return `MongoDB cannot be reached: ${error.message}`;
    case 'REFUSES':
      return `MongoDB refuses: ${error.message} (code ${(error as { code?: unknown }).code})`;
  }
  // Temporal's SDK wraps some of the gRPC errors.
  const raised = error instanceof ServiceError ? error.cause : error;
  if (!isGrpcServiceError(raised)) return error.stack ?? error.message;
  const how = NOT_REACHED.includes(raised.code) ? 'cannot be reached' : 'refuses';
  return `Temporal ${how}: ${raised.message}`;
}

/** Makes an uncaught error end the process with code 1 and the reason. @param name the process */
export function endOnFatal(name: string): void {
  let isEnding = false;
  process.on('uncaughtException', (error) => {
    if (isEnding) return;
    isEnding = true;
    process.stderr.write(`${name}: ${reasonOf(error)}\n`);
    leave(1);
  });
}
