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

/** Of two calls at once under one name of a storage the second waits until the first has kept its key. */
const turns = new WeakMap<PersistStorage, Map<string, Promise<Kept>>>();

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
    const { storage, name } = this.#options;
    const own = turns.get(storage) ?? new Map<string, Promise<Kept>>();
    turns.set(storage, own);
    const turn = Promise.resolve(own.get(name)).then(async () => {
      const kept = await this.#load();
      if (kept !== undefined && (!isGiven || kept.key === key)) return kept;
      await this.#set({ key });
      return { key };
    });
    own.set(name, turn);
    const kept = await turn;
    if (own.get(name) === turn) own.delete(name);
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

  /**
   * What is kept of newer work under the name is not for older calls to change, and what was forgotten
   * only for one that `revives` it.
   */
  async save(kept: Kept, revives = false): Promise<void> {
    const text = JSON.stringify(kept);
    if (text === this.#last) return;
    this.#last = text;
    const present = (await this.#load())?.key;
    if (present === kept.key || (revives && present === undefined)) await this.#set(kept);
  }

  async forget(key: string | undefined): Promise<void> {
    if ((await this.#load())?.key !== key) return;
    try {
      await this.#options.storage.removeItem(this.#options.name);
    } catch {
      // As below.
    }
  }

  async #set(kept: Kept): Promise<void> {
    try {
      await this.#options.storage.setItem(this.#options.name, JSON.stringify(kept));
    } catch {
      // A full or forbidden storage costs the way back after a reload, and not the work.
    }
  }
}

function textAs(name: 'place' | 'cursor', value: unknown): Partial<Kept> {
  return typeof value === 'string' ? { [name]: value } : {};
}
