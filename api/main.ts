/** The entry point of the API process. Signals first: what is loaded and connected after it takes seconds. */
import { heedSignals } from '../process/shutdown.ts';

const stopping = heedSignals('api');
const { runApi } = await import('./root.ts');
await runApi(stopping);
