/** A map with a limit, for caches. */

/** Keeps at most `most` entries. Past that the entry set longest ago is removed. */
export class BoundedMap<K, V> extends Map<K, V> {
  readonly #most: number;

  /** @param most how many entries are kept */
  constructor(most: number) {
    super();
    this.#most = most;
  }

  /** Sets the entry, which is then the newest one, also where the key was there before. */
  override set(key: K, value: V): this {
    this.delete(key);
    super.set(key, value);
    if (this.size > this.#most) {
      const [oldest] = this.keys();
      this.delete(oldest as K);
    }
    return this;
  }
}
