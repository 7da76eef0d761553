/** What a game-data provider is asked: a player's metrics, by name. */

/** Who is asked about. `externalId`: the ID that a trusted issuer knows the player by, if any. */
export interface AskedPlayer {
  userId: string;
  externalId: string | null;
}

/** A player's numbers by metric. A metric that is absent has no number yet. */
export type GameData = ReadonlyMap<string, number>;

/**
 * One provider of game data. A call takes at most the provider's timeout. Without an answer it
 * throws a `ProviderError` (`fulfillment.ts`) of the kind `UNAVAILABLE`, as a question changes
 * nothing.
 */
export interface GameDataProvider {
  metrics(player: AskedPlayer, names: readonly string[]): Promise<GameData>;
}
