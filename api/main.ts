/** The entry point of the API process. Signals first: loading and connecting take seconds. */
import { heedSignals } from '../process/shutdown.ts';

const stopping = heedSignals('api');
const { runApi } = await import('./root.ts');
await runApi(stopping);
