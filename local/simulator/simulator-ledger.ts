/** What the simulated game has given: a ledger that only grows, kept in a file where one is wanted. */
import fs from 'node:fs';
import path from 'node:path';

type GrantState = 'GRANTED' | 'PENDING' | 'REVOKED' | 'REFUSED';

/** What the first `POST` of a grant asked for. */
export interface GrantBody {
  grantId: string;
  claimId: string;
  userId: string;
  eventId: string;
  reward: { rewardId: string; kind: string; name: string; quantity: number };
}

/** How a pending grant ends: at `atMs`, or never by itself where that is null. */
interface Settling {
  outcome: 'GRANTED' | 'REFUSED';
  atMs: number | null;
  callback: boolean;
}

/** One line of the file: a grant came to a state. */
interface Entry {
  grantId: string;
  state: GrantState;
  atMs: number;
  /** With a grant's first entry; absent from a tombstone, as nobody asked for that grant. */
  asked?: GrantBody;
  /** With `REFUSED`: the status it is answered with from then on. */
  status?: number;
  /** With `PENDING`. */
  settling?: Settling;
}

export interface LedgerGrant {
  grantId: string;
  /** Null for a tombstone: a grant revoked before it was ever asked for. */
  asked: GrantBody | null;
  state: GrantState;
  /** How often the player was given the reward. More than once is a broken promise. */
  applied: number;
  refusedWith: number | null;
  settling: Settling | null;
  history: { state: GrantState; atMs: number }[];
}

export interface Ledger {
  get(grantId: string): LedgerGrant | undefined;
  /** Every grant, oldest first, as copies. */
  all(): LedgerGrant[];
  record(entry: Entry): void;
}

/**
 * Opens the ledger; with a folder it is read from `grants.jsonl` there and written back to it
 * before `record` returns. `changed` is called after each `record`. It survives a killed process, not a lost disk: nothing is synced.
 */
export function openLedger(options: { dir: string | undefined; changed(): void }): Ledger {
  const { dir, changed } = options;
  const grants = new Map<string, LedgerGrant>();
  const file = dir === undefined ? undefined : path.join(dir, 'grants.jsonl');
  if (file !== undefined) for (const entry of readEntries(file)) apply(grants, entry);

  return {
    get: (grantId) => grants.get(grantId),
    all: () => structuredClone([...grants.values()]),
    record(entry) {
      if (file !== undefined) fs.appendFileSync(file, `${JSON.stringify(entry)}\n`);
      apply(grants, entry);
      changed();
    },
  };
}

function readEntries(file: string): Entry[] {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  // A process killed while it wrote leaves half a line; it was never answered, and the next line
  // must not be glued to it.
  if (whole.length < text.length) fs.writeFileSync(file, whole);
  return whole
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Entry);
}

function apply(grants: Map<string, LedgerGrant>, entry: Entry): void {
  const { grantId, state, atMs } = entry;
  const before = grants.get(grantId);
  grants.set(grantId, {
    grantId,
    asked: before?.asked ?? entry.asked ?? null,
    state,
    applied: (before?.applied ?? 0) + (state === 'GRANTED' ? 1 : 0),
    refusedWith: entry.status ?? before?.refusedWith ?? null,
    settling: entry.settling ?? null,
    history: [...(before?.history ?? []), { state, atMs }],
  });
}
