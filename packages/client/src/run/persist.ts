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

/** A storage that fails, or holds what is not ours, is one that holds nothing. */
export class Persistence {
  readonly #options: PersistOptions;
  #last = '';

  constructor(options: PersistOptions) {
    this.#options = options;
  }

  async load(): Promise<Kept | undefined> {
    try {
      const text = (await this.#options.storage.getItem(this.#options.name)) ?? '';
      const kept = JSON.parse(text) as Partial<Record<keyof Kept, unknown>>;
      const { key, place, cursor } = kept;
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
