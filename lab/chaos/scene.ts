/** What a chaos run needs: Laurel and its servers, the events, and players who are signed in. */
import type { Connection } from 'mongoose';
import type { Say } from '../../local/progress.ts';
import { openStore, type Store } from '../../store/index.ts';
import { connect } from '../../store/mongodb/connection.ts';
import { createRuns, type Runs } from './claim-runs.ts';
import { type Client, createClient } from './client.ts';
import { createGame, type Game } from './game-client.ts';
import { badDay } from './game-moods.ts';
import type { Plan } from './plan.ts';
import { joinPlayers, type Player } from './players.ts';
import { type ChaosStack, startChaosStack } from './stack.ts';
import { type ChaosEvent, type Staff, signInStaff } from './staff.ts';

export interface Scene {
  stack: ChaosStack;
  /** Connected to the server directly, not over a wire. */
  database: Connection;
  store: Store;
  runs: Runs;
  game: Game;
  client: Client;
  staff: Staff;
  events: ChaosEvent[];
  players: Player[];
  close(): Promise<void>;
}

/**
 * Starts everything over an empty data folder.
 * @param log takes what the supervisor of the processes says
 * @throws NoBinary, StartFailure
 */
export async function openScene(
  plan: Plan,
  dataDir: string,
  log: Say,
  signal: AbortSignal,
): Promise<Scene> {
  const opened: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const end of opened.splice(0).reverse()) await end();
  };
  try {
    const stack = await startChaosStack(dataDir, log, signal);
    opened.push(() => stack.stop());
    const database = await connect(stack.mongodbUri, { appName: 'laurel-chaos' });
    opened.push(() => database.close());
    const store = await openStore(database);
    const runs = createRuns(stack.temporalAddress);
    opened.push(() => runs.close());
    const game = createGame(stack.gameUrl);
    await game.behave([badDay(plan.seed)]);
    const client = createClient(stack.apiUrls);
    const staff = await signInStaff(client, stack.admin, signal);
    const events = await staff.createEvents(plan.claims, signal);
    const players = await joinPlayers(client, plan.players, signal);
    return { stack, database, store, runs, game, client, staff, events, players, close };
  } catch (error) {
    await close();
    throw error;
  }
}
