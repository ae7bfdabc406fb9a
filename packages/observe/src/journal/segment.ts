import { type FileHandle, mkdir, open, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileName, newStem } from './files.js';

const { performance } = globalThis;

/** One file of an instance, while it is written to. */
export class Segment {
  readonly livePath: string;
  readonly closedPath: string;
  readonly #handle: FileHandle;
  readonly #inode: bigint;
  readonly #begunMs = performance.now();
  #bytes: number;
  #lastAppended = 0;

  /** @throws what the file system says; nothing is left behind then */
  static async begin(
    directory: string,
    instance: string,
    number: number,
    text: string,
  ): Promise<Segment> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const stem = newStem(instance, number);
    const path = join(directory, fileName(stem, 'live'));
    const handle = await open(path, 'ax', 0o600);
    try {
      await handle.appendFile(text);
      const { ino } = await handle.stat({ bigint: true });
      return new Segment(directory, stem, handle, ino, Buffer.byteLength(text));
    } catch (error) {
      await handle.close().catch(() => {});
      // An empty one would be taken for that of a dead process.
      await unlink(path).catch(() => {});
      throw error;
    }
  }

  private constructor(
    directory: string,
    stem: string,
    handle: FileHandle,
    inode: bigint,
    bytes: number,
  ) {
    this.livePath = join(directory, fileName(stem, 'live'));
    this.closedPath = join(directory, fileName(stem, 'closed'));
    this.#handle = handle;
    this.#inode = inode;
    this.#bytes = bytes;
  }

  /** If it rejects, `lastAppended` says how much is there all the same. */
  async append(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    this.#lastAppended = 0;
    while (this.#lastAppended < bytes.length) {
      const { bytesWritten } = await this.#handle.write(bytes, this.#lastAppended);
      this.#lastAppended += bytesWritten;
      this.#bytes += bytesWritten;
    }
  }

  /** In bytes. */
  get lastAppended(): number {
    return this.#lastAppended;
  }

  /** Nobody has taken it over or deleted it. */
  async isStillOurs(): Promise<boolean> {
    try {
      return (await stat(this.livePath, { bigint: true })).ino === this.#inode;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }

  isFull(maxBytes: number, maxMs: number): boolean {
    return this.#bytes >= maxBytes || performance.now() - this.#begunMs >= maxMs;
  }

  /** Its last line is written. Never rejects. */
  async finish(): Promise<void> {
    await this.letGo();
    await rename(this.livePath, this.closedPath).catch(() => {});
  }

  async letGo(): Promise<void> {
    await this.#handle.close().catch(() => {});
  }
}
