/**
 * The saga without an engine. A crash leaves a claim unfinished, and two concurrent requests with the
 * same key are two claims. What an engine costs above it is the price of preventing both.
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
