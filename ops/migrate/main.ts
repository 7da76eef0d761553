/** `npm run migrate`. Signals are handled first, because loading the rest takes a while. */
import { heedSignals } from '../../process/shutdown.ts';

/** The exit code of a migration that was stopped: a shell's code for SIGTERM. 0 would mean that it is done. */
const NOT_DONE = 143;

heedSignals('migrate', { code: NOT_DONE });
const { runMigration } = await import('./root.ts');
await runMigration();
