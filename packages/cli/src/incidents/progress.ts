import type { Stream } from '../terminal.js';
import type { Source } from './sources.js';

/** What is quick says nothing. */
const QUIET_MS = 500;
const REDRAW_MS = 200;

/** How far the reading is, on one line that goes away; nothing where nobody looks. */
export class Progress {
  readonly #stream: Stream;
  readonly #bytes: number;
  #read = 0;
  #drawnMs = performance.now() + QUIET_MS - REDRAW_MS;
  #isDrawn = false;

  constructor(files: readonly Source[], stream: Stream) {
    this.#stream = stream;
    this.#bytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  async *through(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      this.#read += chunk.length;
      this.#draw();
      yield chunk;
    }
  }

  done(): void {
    if (this.#isDrawn) this.#stream.write('\r\u001b[K');
  }

  #draw(): void {
    if (this.#stream.isTTY !== true || performance.now() - this.#drawnMs < REDRAW_MS) return;
    this.#drawnMs = performance.now();
    this.#isDrawn = true;
    const percent = Math.floor((this.#read / Math.max(1, this.#bytes)) * 100);
    this.#stream.write(`\rreading ${percent} %\u001b[K`);
  }
}
