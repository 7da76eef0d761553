/** The worker of the yardsticks, with the SDK's default settings and a bundle without our workflows. */
import path from 'node:path';
import { bundleWorkflowCode, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { openStore } from '../../../store/index.ts';
import { connect } from '../../../store/mongodb/connection.ts';
import { createSagaActivities } from './activities.ts';

const { TEMPORAL_ADDRESS: address = '', TEMPORAL_NAMESPACE: namespace = '' } = process.env;

Runtime.install({ shutdownSignals: [] });
const workflowsPath = path.join(import.meta.dirname, 'workflows.ts');
const quiet = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, log() {} };
const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: quiet });
const database = await connect(process.env.MONGODB_URI ?? '', { appName: 'laurel-yardstick' });
const connection = await NativeConnection.connect({ address });
const worker = await Worker.create({
  connection,
  namespace,
  taskQueue: 'yardstick',
  workflowBundle,
  activities: createSagaActivities(await openStore(database)),
});
process.once('SIGTERM', () => worker.shutdown());
const ran = worker.run();
console.log('yardstick ready');
await ran;
await Promise.allSettled([connection.close(), database.close()]);
