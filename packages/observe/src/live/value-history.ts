/** So many seconds, or rather updates, are kept: what a sparkline shows. */
const HISTORY_LENGTH = 300;

/** One value for each update; `null` where nobody looked, so that nothing is known. */
export class ValueHistory {
  readonly #values: (number | null)[] = [];

  add(value: number | null): void {
    this.#values.push(value);
    if (this.#values.length > HISTORY_LENGTH) this.#values.shift();
  }

  /** Nobody looked for so many updates. */
  skip(count: number): void {
    for (let left = Math.min(count, HISTORY_LENGTH); left > 0; left -= 1) this.add(null);
  }

  get values(): readonly (number | null)[] {
    return this.#values;
  }
}
