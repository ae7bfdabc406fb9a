import type { Exchange } from './exchange.js';

/**
 * The exchanges that are not over. A `Set` whose members come and go makes a new table every few dozen
 * of them, and V8 keeps old tables, with all that was in them, until the next full collection: each
 * request would be one to be collected the dear way. Here a place is taken and given back.
 */
export class UnderWay implements Iterable<Exchange> {
  readonly #exchanges: Exchange[] = [];

  get size(): number {
    return this.#exchanges.length;
  }

  add(exchange: Exchange): void {
    exchange.place = this.#exchanges.length;
    this.#exchanges.push(exchange);
  }

  /** The last one moves to the place that becomes free. */
  remove(exchange: Exchange): void {
    const { place } = exchange;
    if (this.#exchanges[place] !== exchange) return;
    const last = this.#exchanges.pop();
    if (last === undefined || last === exchange) return;
    this.#exchanges[place] = last;
    last.place = place;
  }

  /** Those of now, whatever comes and goes meanwhile. */
  [Symbol.iterator](): IterableIterator<Exchange> {
    return [...this.#exchanges].values();
  }
}
