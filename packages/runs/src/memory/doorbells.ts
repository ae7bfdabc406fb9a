/** Who wants to hear of which run. */
export class Doorbells {
  readonly #rings = new Map<string, Set<() => void>>();

  add(run: string, ring: () => void): () => void {
    // Wrapped, so that the same function can be there twice.
    const own = (): void => ring();
    const rings = this.#rings.get(run) ?? new Set();
    this.#rings.set(run, rings.add(own));
    return () => {
      rings.delete(own);
      if (rings.size === 0 && this.#rings.get(run) === rings) this.#rings.delete(run);
    };
  }

  /** Not within the caller's own step: who is rung may write in turn. */
  ring(run: string): void {
    const rings = this.#rings.get(run);
    if (rings === undefined) return;
    for (const ring of [...rings]) queueMicrotask(ring);
  }
}
