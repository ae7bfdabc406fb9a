/** Named moments that streams wait for. */
export class Pauses {
  readonly #ends = new Map<string, () => void>();

  over(name: string): Promise<void> {
    return new Promise((resolve) => this.#ends.set(name, resolve));
  }

  end(name: string): void {
    const end = this.#ends.get(name);
    if (end === undefined) throw new Error(`nothing waits as ${name}`);
    this.#ends.delete(name);
    end();
  }
}
