import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { LineQueue } from './line-queue.js';
import type { JournalSettings } from './options.js';
import { type JournalLine, toLine } from './record.js';
import { Segment } from './segment.js';

// Captured when the module loads, so that a test's fake timers do not meet ours.
const { setTimeout, clearTimeout } = globalThis;

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;
/** A file is followed by another after a day, so that the old one can be deleted when its time is over. */
const MAX_FILE_MS = 24 * 3_600_000;

/** `returned`: the file before was taken for a dead one's. `gap`: lines are missing in it. */
export type BeginsBecause = 'first' | 'rotated' | 'returned' | 'gap';

/** What the writer must be told to begin a file. */
export interface WriterHost {
  /** The lines that stand first in a file, or behind a gap. */
  beginning(segment: number, because: BeginsBecause): Iterable<JournalLine>;
  /** What has begun since it was asked last, and goes on. */
  fresh(): Iterable<JournalLine>;
  /** A file was begun, and there is time to look after the old ones. */
  begun(): void;
  warn(message: string): void;
}

type Settings = Pick<JournalSettings, 'directory' | 'flushMs' | 'maxFileBytes'>;

/**
 * Writes an instance's lines together and in the background; whatever the disk does, whoever hands them
 * in is never kept waiting and never told.
 */
export class JournalWriter {
  readonly #settings: Settings;
  readonly #instance: string;
  readonly #host: WriterHost;
  readonly #queue = new LineQueue();
  #segment: Segment | undefined;
  #segments = 0;
  #next: BeginsBecause = 'first';
  #timer: NodeJS.Timeout | undefined;
  #busy: Promise<void> | undefined;
  #retryMs = FIRST_RETRY_MS;
  #failing = false;
  #warned = false;
  #closed = false;
  /** Something came since the writing began. */
  #isStirred = false;
  /** Half a line may stand at the end. */
  #torn = false;
  #droppedBefore = 0;
  /** Attempts that failed. */
  failures = 0;

  constructor(settings: Settings, instance: string, host: WriterHost) {
    this.#settings = settings;
    this.#instance = instance;
    this.#host = host;
  }

  /** The file that lines go to; `undefined` before the first and while there is none. */
  get path(): string | undefined {
    return this.#segment?.livePath;
  }

  get failing(): boolean {
    return this.#failing;
  }

  /** Lines that could not be written. */
  get dropped(): number {
    return this.#queue.dropped;
  }

  add(line: JournalLine): void {
    if (this.#closed) return;
    this.#queue.add(line);
    this.wake();
  }

  /** There is something to ask for. */
  wake(): void {
    this.#isStirred = true;
    if (!this.#closed && this.#busy === undefined && !this.#failing) {
      this.#wait(this.#settings.flushMs);
    }
  }

  /** Writes what waits. Never rejects. */
  async flush(): Promise<void> {
    this.#stopWaiting();
    // What came while others were written is not among them.
    await this.#busy;
    // Nobody would end a file that is begun now.
    if (this.#closed) return;
    this.#busy ??= this.#work().finally(() => {
      this.#busy = undefined;
      if (this.#closed) return;
      if (this.#failing) this.#wait(this.#retryMs);
      else if (this.#isStirred) this.#wait(this.#settings.flushMs);
    });
    await this.#busy;
  }

  /** The last lines, at once, for a process that ends. */
  closeNow(lines: readonly JournalLine[]): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopWaiting();
    // Without a file there was no disk, and no time to wait for one.
    if (this.#segment === undefined) return;
    const { livePath, closedPath } = this.#segment;
    try {
      for (const line of this.#host.fresh()) this.#queue.add(line);
      // What is in flight may come twice, for nobody waits for it any more.
      const { text, mayBeTorn } = this.#queue.rest();
      const file = openSync(livePath, 'a', 0o600);
      writeSync(file, (this.#torn || mayBeTorn ? '\n' : '') + text + lines.map(toLine).join(''));
      fsyncSync(file);
      closeSync(file);
      renameSync(livePath, closedPath);
    } catch {
      // There is nobody left to tell.
    }
  }

  /** The same with time. */
  async close(lines: readonly JournalLine[]): Promise<void> {
    for (const line of lines) this.add(line);
    await this.flush();
    this.#closed = true;
    this.#stopWaiting();
    await this.#segment?.finish();
    this.#segment = undefined;
  }

  #wait(delayMs: number): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.flush();
    }, delayMs).unref();
  }

  #stopWaiting(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #work(): Promise<void> {
    this.#isStirred = false;
    try {
      for (const line of this.#host.fresh()) this.#queue.add(line);
      while (!this.#queue.isEmpty) {
        const segment = await this.#ensureSegment();
        await this.#write(segment);
        this.#recovered();
      }
    } catch (error) {
      this.#failed(error);
    }
  }

  async #write(segment: Segment): Promise<void> {
    const start = this.#torn ? '\n' : '';
    const lines = this.#queue.take();
    this.#torn = true;
    try {
      await segment.append(start + lines);
    } catch (error) {
      this.#queue.failed(segment.lastAppended - start.length);
      throw error;
    }
    this.#torn = false;
    this.#queue.written();
  }

  async #ensureSegment(): Promise<Segment> {
    const segment = this.#segment;
    if (segment === undefined) return this.#begin();
    if (!(await segment.isStillOurs())) {
      // Somebody took us for dead: what was written since the last look stands in that file.
      this.#segment = undefined;
      this.#next = 'returned';
      await segment.letGo();
      return this.#begin();
    }
    if (!segment.isFull(this.#settings.maxFileBytes, MAX_FILE_MS)) return segment;
    const start = this.#torn ? '\n' : '';
    this.#torn = true;
    await segment.append(start + toLine({ kind: 'rotated', time: new Date().toISOString() }));
    this.#segment = undefined;
    this.#next = 'rotated';
    await segment.finish();
    return this.#begin();
  }

  async #begin(): Promise<Segment> {
    const number = this.#segments + 1;
    const text = [...this.#host.beginning(number, this.#next)].map(toLine).join('');
    const segment = await Segment.begin(this.#settings.directory, this.#instance, number, text);
    this.#segment = segment;
    this.#segments = number;
    this.#torn = false;
    this.#host.begun();
    return segment;
  }

  #failed(error: unknown): void {
    this.failures += 1;
    this.#retryMs = this.#failing ? Math.min(LONGEST_RETRY_MS, this.#retryMs * 2) : FIRST_RETRY_MS;
    this.#failing = true;
    if (this.#warned) return;
    this.#warned = true;
    const { code = 'an unknown error' } = error as NodeJS.ErrnoException;
    this.#host.warn(
      `the incident journal in ${this.#settings.directory} cannot be written (${code}). The service goes on without it, and it is tried again. Look after the disk, its rights and the option directory.`,
    );
  }

  #recovered(): void {
    this.#failing = false;
    if (this.dropped === this.#droppedBefore) return;
    // What was begun or ended meanwhile is not known to whoever reads the file.
    for (const line of this.#host.beginning(this.#segments, 'gap')) this.#queue.add(line);
    // Those that find no room now are no gap of their own, or there would be one behind the other.
    this.#droppedBefore = this.dropped;
  }
}
