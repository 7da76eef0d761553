/** A client of the simulated game: sets its rules and reads its ledger. */
import { z } from 'zod';
import type { LedgerGrant } from '../../local/simulator/simulator-ledger.ts';
import type { RuleInput } from '../../local/simulator/simulator-rules.ts';

const ledgerShape = z.object({ grants: z.array(z.custom<LedgerGrant>()) });

/** Timeout of one call, in milliseconds. */
const TIMEOUT_MS = 10_000;

export type Game = ReturnType<typeof createGame>;

/** @param url the simulator's base URL */
export function createGame(url: string) {
  async function control(method: string, path: string, body?: unknown): Promise<Response> {
    const response = await fetch(`${url}/control/${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`The game answered ${response.status}: ${path}`);
    return response;
  }

  const ledger = async (): Promise<LedgerGrant[]> =>
    ledgerShape.parse(await (await control('GET', 'ledger')).json()).grants;

  return {
    ledger,

    /** Replaces all rules of the game. */
    async behave(rules: readonly RuleInput[]): Promise<void> {
      await control('DELETE', 'rules');
      if (rules.length > 0) await control('POST', 'rules', rules);
    },

    /** Decides every pending grant: in turn one is granted and one refused. */
    async decidePending(): Promise<void> {
      const pending = (await ledger()).filter((grant) => grant.state === 'PENDING');
      for (const [index, { grantId }] of pending.entries()) {
        const outcome = index % 2 === 0 ? 'GRANTED' : 'REFUSED';
        // A grant that has just ended by itself cannot be decided, which is fine.
        await control('POST', `grants/${encodeURIComponent(grantId)}/settle`, { outcome }).catch(
          () => {},
        );
      }
    },
  };
}
