/** The entry point of the worker process. Signals first: what is loaded and connected after it takes seconds. */
import { heedSignals } from '../process/shutdown.ts';

const stopping = heedSignals('worker');
const { runWorker } = await import('./root.ts');
await runWorker(stopping);
