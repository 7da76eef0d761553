/** How a process ends that cannot go on: with a reason for whoever started it. */
import { SetupError } from './domain/errors.ts';
import { leave } from './stop.ts';
import { databaseTrouble } from './store/connection.ts';

/** What a person can mend is said in words; a mistake of ours keeps its stack. */
function reasonOf(error: unknown): string {
  if (error instanceof SetupError) return error.message;
  if (!(error instanceof Error)) return String(error);
  switch (databaseTrouble(error)) {
    case 'AWAY':
      return `MongoDB cannot be reached: ${error.message}`;
    case 'REFUSES':
      return `MongoDB refuses: ${error.message} (code ${(error as { code?: unknown }).code})`;
    case null:
      return error.stack ?? error.message;
  }
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
