/** The simulated game from outside: how it is told to misbehave, and what it says it gave. */
import { z } from 'zod';
import type { LedgerGrant } from '../../local/simulator/simulator-ledger.ts';
import type { RuleInput } from '../../local/simulator/simulator-rules.ts';

const ledgerShape = z.object({ grants: z.array(z.custom<LedgerGrant>()) });

const TIMEOUT_MS = 10_000;

export type Game = ReturnType<typeof createGame>;

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

    /** From now on it goes by these rules, and no others. */
    async behave(rules: readonly RuleInput[]): Promise<void> {
      await control('DELETE', 'rules');
      if (rules.length > 0) await control('POST', 'rules', rules);
    },

    /** Every grant that it has not decided on is decided: every other for its player. */
    async decidePending(): Promise<void> {
      const pending = (await ledger()).filter((grant) => grant.state === 'PENDING');
      for (const [index, { grantId }] of pending.entries()) {
        const outcome = index % 2 === 0 ? 'GRANTED' : 'REFUSED';
        // One that has just ended by itself is refused, and well.
        await control('POST', `grants/${encodeURIComponent(grantId)}/settle`, { outcome }).catch(
          () => {},
        );
      }
    },
  };
}
