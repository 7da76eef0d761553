/** The saga as a DBOS workflow, one step a step; its checkpoints go to PostgreSQL. */
import { DBOS } from '@dbos-inc/dbos-sdk';
import { type Claim, saga } from '../saga.ts';
import { openSteps, required, serveClaims } from './app-server.ts';

/** Connections to PostgreSQL: the default of ten would make 50 clients wait for one another. */
const CONNECTIONS = 30;

const { steps } = await openSteps();

const grantClaim = DBOS.registerWorkflow(
  (claim: Claim) =>
    saga(claim, (step, order) =>
      DBOS.runStep(() => steps[step](order), {
        name: step,
        retriesAllowed: true,
        maxAttempts: 100,
        intervalSeconds: 0.1,
      }),
    ),
  { name: 'grantClaim' },
);

DBOS.setConfig({
  name: 'laurel-peer',
  systemDatabaseUrl: required('POSTGRES_URL'),
  systemDatabasePoolSize: CONNECTIONS,
  logLevel: 'warn',
});
await DBOS.launch();

serveClaims(async (claim) => {
  const start = DBOS.startWorkflow(grantClaim, { workflowID: claim.claimId });
  const handle = await start(claim);
  return await handle.getResult();
});
