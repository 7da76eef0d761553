/** The entry point of the process that is both API and worker. Signals first: what is loaded and connected after it takes seconds. */
import { heedSignals } from '../stop.ts';

const stopping = heedSignals('combined');
const { runCombined } = await import('./root.ts');
await runCombined(stopping);
