/** A worker of its own process whose activity says what it is told, and never ends: to be killed. */
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { AdvanceRequest } from '../activities/advance.ts';
import { testBundle } from './bundle.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });
const [address, taskQueue] = process.argv.slice(2) as [string, string];
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address }),
  taskQueue,
  workflowBundle: await testBundle(),
  activities: {
    async advance({ isFirst }: AdvanceRequest) {
      process.stdout.write(`${isFirst}\n`);
      await new Promise(() => {});
    },
  },
});
await worker.run();
