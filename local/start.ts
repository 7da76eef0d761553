/** `npm start`. Signal handlers come first, as loading the rest takes a while. */
import { heedSignals } from '../process/shutdown.ts';

const stopping = heedSignals('npm start', { signals: ['SIGINT', 'SIGTERM', 'SIGHUP'] });
const { runStack } = await import('./run-stack.ts');
await runStack(process.argv.slice(2), stopping);
