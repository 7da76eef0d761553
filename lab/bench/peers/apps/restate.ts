/** The saga as a Restate service, one `ctx.run` for each step. Restate's server keeps the journal. */
import { type Context, serve, service } from '@restatedev/restate-sdk';
import { type Claim, saga } from '../saga.ts';
import { openSteps, required, sayReady } from './app-server.ts';

const { steps } = await openSteps();

const claims = service({
  name: 'claims',
  handlers: {
    grant: (context: Context, claim: Claim) =>
      saga(claim, (step, order) => context.run(step, () => steps[step](order))),
  },
});

await serve({ services: [claims], port: Number(required('PORT')) });
sayReady();
