/** The simulated game's ledger of grants. It is append-only, and can be kept in a file. */
import fs from 'node:fs';
import path from 'node:path';

type GrantState = 'GRANTED' | 'PENDING' | 'REVOKED' | 'REFUSED';

/** What the first `POST` of a grant asked for. */
export interface GrantBody {
  grantId: string;
  claimId: string;
  userId: string;
  externalId?: string;
  eventId: string;
  reward: { rewardId: string; kind: string; name: string; quantity: number };
}

/** How a pending grant ends: at `atMs`, or never by itself if that is null. */
interface Settling {
  outcome: 'GRANTED' | 'REFUSED';
  atMs: number | null;
  callback: boolean;
}

/** One entry (a row of the file): a grant changed its state. */
export interface Entry {
  grantId: string;
  state: GrantState;
  atMs: number;
  /** Only in a grant's first entry. Absent in a tombstone, as that grant was never posted. */
  asked?: GrantBody;
  /** Only with `REFUSED`: the status of its answers from then on. */
  status?: number;
  /** Only with `PENDING`. */
  settling?: Settling;
}

/** A grant with everything that happened to it. */
export interface LedgerGrant {
  grantId: string;
  /** Null for a tombstone: a grant that was revoked before it was posted. */
  asked: GrantBody | null;
  state: GrantState;
  /** How often the player got the reward. More than once is a broken promise. */
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
 * Opens a ledger. It survives a killed process, but not a power cut, as nothing is synced.
 * @param dir folder of `grants.jsonl`, which is written before `record` returns; in memory if undefined
 * @param changed called after each `record`
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
  // A process that was killed while it wrote leaves half an entry. It was never answered, so it is
  // removed: the next entry must begin on a new row.
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
