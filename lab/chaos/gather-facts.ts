/** Collects the facts of a run after its healing. */
import { type Facts, readCollections } from './facts.ts';
import { runsLeft, untilReconciledTwice } from './healing.ts';
import type { Story } from './players.ts';
import type { Scene } from './scene.ts';

/**
 * Waits for reconciliation, and then reads everything that the checks need but the buckets that did
 * not add up meanwhile.
 * @throws the reason of `signal` when it aborts
 */
export async function gatherFacts(
  scene: Scene,
  stories: Story[],
  signal: AbortSignal,
): Promise<Omit<Facts, 'unbalanced'>> {
  const isReconciled = await untilReconciledTwice(scene, signal);
  return {
    stories,
    isReconciled,
    runsLeft: await runsLeft(scene, signal),
    ledger: await scene.game.ledger(),
    shown: await scene.staff.grants(signal),
    internalErrors: scene.client.internalErrors,
    ...(await readCollections(scene.database, scene.store)),
  };
}
