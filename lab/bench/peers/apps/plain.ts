/**
 * The saga with no engine: a crash leaves it where it stood, and two requests at once with the same
 * key are two claims. What the others cost above it is the price of neither.
 */
import { type Outcome, saga } from '../saga.ts';
import { recordsOf } from '../steps.ts';
import { openSteps, serveClaims } from './app-server.ts';

const { steps, connection } = await openSteps();
const records = recordsOf(connection);

serveClaims(async (claim) => {
  const earlier = await records.findOne({ _id: claim.claimId });
  if (earlier !== null) return earlier.outcome as Outcome;
  return await saga(claim, (step, order) => steps[step](order));
});
