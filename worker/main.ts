/** The entry point of the worker. Signals are handled first, because loading the rest takes seconds. */
import { heedSignals } from '../process/shutdown.ts';

const stopping = heedSignals('worker');
const { runWorker } = await import('./root.ts');
await runWorker(stopping);
