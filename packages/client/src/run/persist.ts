/** `sessionStorage`, `localStorage`, or whatever keeps texts; its functions may give promises. */
export interface PersistStorage {
  getItem(name: string): string | null | Promise<string | null>;
  setItem(name: string, value: string): unknown;
  removeItem(name: string): unknown;
}

export interface PersistOptions {
  readonly storage: PersistStorage;
  /** One for each piece of work. */
  readonly name: string;
}

/** What a page must know to come back. No credentials are among it. */
export interface Kept {
  readonly key: string;
  /** The run's status resource. */
  readonly place?: string | undefined;
  /** The last event that was handled. */
  readonly cursor?: string | undefined;
}

/** Of two calls at once under one name the second waits until the first has kept its key. */
const turns = new Map<string, Promise<Kept>>();

/** A storage that fails, or holds what is not ours, is one that holds nothing. */
export class Persistence {
  readonly #options: PersistOptions;
  #last = '';

  constructor(options: PersistOptions) {
    this.#options = options;
  }

  /**
   * What is kept of the work, or its key alone, kept from now on. A key that is given counts: what was
   * kept under another is of other work.
   */
  async open(key: string, isGiven: boolean): Promise<Kept> {
    const { name } = this.#options;
    const turn = Promise.resolve(turns.get(name)).then(async () => {
      const kept = await this.#load();
      if (kept !== undefined && (!isGiven || kept.key === key)) return kept;
      await this.save({ key });
      return { key };
    });
    turns.set(name, turn);
    const kept = await turn;
    if (turns.get(name) === turn) turns.delete(name);
    return kept;
  }

  async #load(): Promise<Kept | undefined> {
    try {
      const text = (await this.#options.storage.getItem(this.#options.name)) ?? '';
      const { key, place, cursor } = JSON.parse(text) as Partial<Record<keyof Kept, unknown>>;
      if (typeof key !== 'string') return undefined;
      return { key, ...textAs('place', place), ...textAs('cursor', cursor) };
    } catch {
      return undefined;
    }
  }

  async save(kept: Kept): Promise<void> {
    const text = JSON.stringify(kept);
    if (text === this.#last) return;
    this.#last = text;
    try {
      await this.#options.storage.setItem(this.#options.name, text);
    } catch {
      // A full or forbidden storage costs the way back after a reload, and not the work.
    }
  }

  async forget(): Promise<void> {
    try {
      await this.#options.storage.removeItem(this.#options.name);
    } catch {
      // As above.
    }
  }
}

function textAs(name: 'place' | 'cursor', value: unknown): Partial<Kept> {
  return typeof value === 'string' ? { [name]: value } : {};
}
