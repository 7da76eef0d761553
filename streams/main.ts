/** The entry point of the streams process. Signals first: loading and connecting take seconds. */
import { heedSignals } from '../process/shutdown.ts';

const stopping = heedSignals('streams');
const { runStreamsProcess } = await import('./root.ts');
await runStreamsProcess(stopping);
