/** `npm run migrate`. Signals first: what is loaded after it takes a while. */
import { heedSignals } from '../../process/shutdown.ts';

/** As a shell says of a command that SIGTERM ended: nobody may take this for done. */
const NOT_DONE = 143;

heedSignals('migrate', { code: NOT_DONE });
const { runMigration } = await import('./root.ts');
await runMigration();
