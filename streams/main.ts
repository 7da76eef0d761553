/** The entry point of the process between Kafka and the rest. Signals first: what is loaded and connected after it takes seconds. */
import { heedSignals } from '../process/shutdown.ts';

const stopping = heedSignals('streams');
const { runStreamsProcess } = await import('./root.ts');
await runStreamsProcess(stopping);
