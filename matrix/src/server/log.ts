/** What the server saw of one exchange; times as `Date.now()` has them, for it may be another process. */
export interface Seen {
  /** As the last hop in front of the server speaks it, where its handler can know. */
  httpVersion: string | undefined;
  /** How often the request came: some hops ask again. */
  requests: number;
  readonly beatsMs: number[];
  /** When the handler was told that its client had left. */
  leftMs: number | undefined;
  /** The handler has played to its end. */
  isOver: boolean;
}

/** What the server saw, by the `id` in the path. */
export class ServerLog {
  readonly #seen = new Map<string, Seen>();

  of(id: string): Seen {
    let seen = this.#seen.get(id);
    if (seen === undefined) {
      seen = { httpVersion: undefined, requests: 0, beatsMs: [], leftMs: undefined, isOver: false };
      this.#seen.set(id, seen);
    }
    return seen;
  }
}
