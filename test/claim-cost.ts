/** What one claim costs MongoDB and Temporal, counted by the commands that the driver sends. */
import type { mongo } from 'mongoose';
import { claimIdOf } from '../store/claims/claim-record.ts';
import { recordOf, runThere } from './helpers.ts';
import { type Laurel, startLaurel } from './laurel.ts';
import { uniqueName } from './servers.ts';

interface ClaimCost {
  /** The claim's state, and its reason where it has one. */
  end: string;
  /** Each as `{command} {collection}`, sorted. */
  reads: string[];
  /** Each statement as `{command} {collection}`, in their order. */
  writes: string[];
  /** Commands within a transaction. */
  transactions: number;
  historyEvents: number;
}

/** Where the statements of a write command stand; a `findAndModify` is one by itself. */
const STATEMENTS: Record<string, string | null> = {
  insert: 'documents',
  update: 'updates',
  delete: 'deletes',
  bulkWrite: 'ops',
  findAndModify: null,
};

const READS = ['find', 'aggregate', 'count', 'distinct', 'getMore'];

const named = ({ commandName, command }: mongo.CommandStartedEvent) =>
  `${commandName} ${commandName === 'getMore' ? command.collection : command[commandName]}`;

/**
 * What comes once in a while for all claims together, and not with each: the change stream of the
 * waiting players, and how far progress is aggregated, which is read once a minute.
 */
function isShared(started: mongo.CommandStartedEvent): boolean {
  const isStream = started.command.pipeline?.[0]?.$changeStream !== undefined;
  return isStream || ['getMore claims', 'find progress_state'].includes(named(started));
}

/** The reads among the commands, without those that no single claim causes. */
function readsIn(commands: mongo.CommandStartedEvent[]): string[] {
  return commands
    .filter((started) => READS.includes(started.commandName) && !isShared(started))
    .map(named)
    .toSorted();
}

/** Each write among the commands; a command may hold several. */
export function writesIn(commands: mongo.CommandStartedEvent[]): string[] {
  return commands.flatMap((started) => {
    const list = STATEMENTS[started.commandName];
    if (list === undefined) return [];
    const count = list === null ? 1 : started.command[list].length;
    return Array.from({ length: count }, () => named(started));
  });
}

/** What a player does before the claim that is counted; it costs nothing. */
export type Prepare = (laurel: Laurel, userId: string) => Promise<void>;

/** Laurel with every command to MongoDB written down. */
export async function startCounted() {
  const laurel = await startLaurel({
    mongodbOptions: '&monitorCommands=true',
    // However slow the machine is, a player is read once for a request.
    usersNow: () => 0,
  });
  const commands: mongo.CommandStartedEvent[] = [];
  laurel.database.getClient().on('commandStarted', (started) => commands.push(started));

  /** Makes one claim, and waits at Temporal until its run is closed: everything it costs is paid then. */
  async function costOfClaim(eventId: string, prepare?: Prepare): Promise<ClaimCost> {
    const { id, token } = await laurel.signIn();
    await prepare?.(laurel, id);
    const key = uniqueName('key');
    commands.length = 0;
    await laurel.claim(eventId, token, { key });
    const run = await runThere(laurel, { userId: id, idempotencyKey: key });
    await run.result();
    // What is read from here on is read by the test.
    const paid = [...commands];
    const { state, reason } = await recordOf(laurel, claimIdOf(id, key));
    const { events } = await run.fetchHistory();
    return {
      end: reason === null ? state : `${state} / ${reason}`,
      reads: readsIn(paid),
      writes: writesIn(paid),
      transactions: paid.filter(({ command }) => command.autocommit === false).length,
      historyEvents: events?.length ?? 0,
    };
  }

  return {
    laurel,
    commands,
    costOfClaim,
    /** The cheapest of three claims: what a claim costs is in each, what a busy machine adds is not. */
    async leastCostOf(eventId: string, prepare?: Prepare): Promise<ClaimCost> {
      const costs = [
        await costOfClaim(eventId, prepare),
        await costOfClaim(eventId, prepare),
        await costOfClaim(eventId, prepare),
      ];
      return costs.reduce((least, cost) => (cost.reads.length < least.reads.length ? cost : least));
    },
  };
}
