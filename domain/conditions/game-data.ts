/** What is asked of a game-data provider: a player's metrics, by name. */

/** A name the provider did not mention has no number yet. */
export type GameData = ReadonlyMap<string, number>;

/**
 * One provider of game data. It waits at most its own timeout, and throws a `ProviderError`
 * (`fulfillment.ts`) of the kind `UNAVAILABLE` for all that is no answer: nothing can be half done by
 * asking.
 */
export interface GameDataProvider {
  metrics(userId: string, names: readonly string[]): Promise<GameData>;
}
