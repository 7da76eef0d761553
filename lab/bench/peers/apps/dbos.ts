/** The saga as a DBOS workflow, one DBOS step for each step. Checkpoints are in PostgreSQL. */
import { DBOS } from '@dbos-inc/dbos-sdk';
import { type Claim, saga } from '../saga.ts';
import { openSteps, required, serveClaims } from './app-server.ts';

/** Connections to PostgreSQL: with the default of ten, 50 clients would wait for one another. */
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
