import { slotOfRun, type Timers } from '@holdopen/runs';
import type { Connection } from './connection.js';
import type { Keys } from './keys.js';

const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 2_000;
/** How often the connection is asked whether it still lives: it only ever listens. */
const PING_MS = 5_000;

/** One channel that is listened to. `heard` changes with each link. */
interface Channel {
  readonly rings: Map<string, Set<() => void>>;
  /** One function for its whole life: to listen with it twice is to listen once. */
  readonly hear: (slot: string) => void;
  heard: Promise<void>;
}

/**
 * Who in this process wants to hear of which run. The messages name the part of a run's id that its
 * keys lie under. What may have been missed rings all.
 */
export class Doorbell {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #timers: Timers;
  readonly #channels = new Map<string, Channel>();
  /** The client would take a channel that is being left from whoever comes meanwhile. */
  readonly #leaving = new Map<string, Promise<void>>();
  #interruptions = 0;
  #isMending = false;
  #isClosed = false;
  #ping: unknown;

  constructor(connection: Connection, keys: Keys, timers: Timers) {
    this.#connection = connection;
    this.#keys = keys;
    this.#timers = timers;
    connection.onInterrupted = () => this.#interrupted();
  }

  /** @throws RunError `store_unavailable` */
  async subscribe(run: string, ring: () => void): Promise<() => void> {
    const name = this.#keys.bellOf(run);
    const slot = slotOfRun(run);
    const channel = this.#channels.get(name) ?? this.#open(name);
    // Wrapped, so that the same function can be there twice.
    const own = (): void => ring();
    const rings = channel.rings.get(slot) ?? new Set();
    channel.rings.set(slot, rings.add(own));
    const stop = (): void => {
      if (!rings.delete(own) || rings.size > 0) return;
      if (channel.rings.get(slot) === rings) channel.rings.delete(slot);
      if (channel.rings.size === 0) this.#leave(name, channel);
    };
    try {
      await channel.heard;
    } catch (error) {
      stop();
      if (channel.rings.size === 0) this.#forget(name, channel);
      throw error;
    }
    return stop;
  }

  close(): void {
    this.#isClosed = true;
    this.#timers.clear(this.#ping);
    this.#channels.clear();
    this.#connection.close();
  }

  #open(name: string): Channel {
    const rings: Channel['rings'] = new Map();
    const hear = (slot: string): void => {
      for (const ring of rings.get(slot) ?? []) queueMicrotask(ring);
    };
    const channel: Channel = { rings, hear, heard: this.#listen(name, hear) };
    this.#channels.set(name, channel);
    if (this.#ping === undefined) this.#pingLater();
    return channel;
  }

  #listen(name: string, hear: Channel['hear']): Promise<void> {
    const left = this.#leaving.get(name) ?? Promise.resolve();
    const heard = left.then(() => this.#connection.use((link) => link.listen(name, hear)));
    heard.catch(() => this.#interrupted());
    return heard;
  }

  #leave(name: string, channel: Channel): void {
    // The one channel of a server stays; a cluster has one for each run.
    if (!this.#keys.hasBellPerRun || !this.#forget(name, channel)) return;
    const left: Promise<void> = channel.heard
      .then(() => this.#connection.use((link) => link.unlisten(name)))
      .catch(() => {})
      .then(() => {
        if (this.#leaving.get(name) === left) this.#leaving.delete(name);
      });
    this.#leaving.set(name, left);
  }

  #forget(name: string, channel: Channel): boolean {
    return this.#channels.get(name) === channel && this.#channels.delete(name);
  }

  #interrupted(): void {
    this.#interruptions += 1;
    if (this.#isMending || this.#isClosed || this.#channels.size === 0) return;
    this.#isMending = true;
    void this.#mend().finally(() => {
      this.#isMending = false;
    });
  }

  async #mend(): Promise<void> {
    for (let pauseMs = FIRST_RETRY_MS; !this.#isClosed; pauseMs *= 2) {
      const seen = this.#interruptions;
      const listening = [...this.#channels].map(([name, channel]) => {
        channel.heard = this.#listen(name, channel.hear);
        return channel.heard;
      });
      const results = await Promise.allSettled(listening);
      // What broke meanwhile may have been listened to already.
      const isWhole = results.every(({ status }) => status === 'fulfilled');
      if (isWhole && seen === this.#interruptions) break;
      await this.#pause(Math.min(pauseMs, LONGEST_RETRY_MS));
    }
    for (const { rings } of this.#channels.values()) {
      for (const one of rings.values()) for (const ring of one) queueMicrotask(ring);
    }
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#timers.set(resolve, delayMs);
    });
  }

  #pingLater(): void {
    this.#ping = this.#timers.set(() => {
      // What does not answer in time is replaced by the connection.
      this.#connection
        .use((link) => link.sendToAll(['PING']))
        .catch(() => {})
        .finally(() => {
          if (!this.#isClosed) this.#pingLater();
        });
    }, PING_MS);
  }
}
