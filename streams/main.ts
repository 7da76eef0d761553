/**
 * The entry point of the streams process. It listens for signals first, as loading and connecting
 * take seconds.
 */
import { heedSignals } from '../process/shutdown.ts';

const stopping = heedSignals('streams');
const { runStreamsProcess } = await import('./root.ts');
await runStreamsProcess(stopping);
