import { JsonScanner } from '@holdopen/core';
import { addPiece, type BodyReader, type BodyState, type Piece } from './reader.js';

const LF = 0x0a;
const SP = 0x20;
const RS = 0x1e;

/** NDJSON, where a space at the start of a line is a beat, and json-seq, where an empty record is. */
export class RecordReader implements BodyReader {
  readonly format: 'ndjson' | 'json-seq';
  readonly lateHead = undefined;
  readonly announcedMs = undefined;
  readonly toldFailure = false;
  records = 0;
  readonly #beat: number;
  #scanner = new JsonScanner();
  #isAtStart = true;
  #isEmpty = true;

  constructor(format: 'ndjson' | 'json-seq') {
    this.format = format;
    this.#beat = format === 'ndjson' ? SP : RS;
  }

  get takesBeat(): boolean {
    return this.#isAtStart;
  }

  get state(): BodyState {
    if (this.#isEmpty) return 'blank';
    const { complete, bareScalar, empty } = this.#scanner;
    return empty || complete || bareScalar ? 'whole' : 'incomplete';
  }

  read(bytes: Uint8Array): Piece[] {
    const pieces: Piece[] = [];
    let dataBytes = 0;
    const endData = (): void => {
      if (dataBytes > 0) addPiece(pieces, { kind: 'data', count: 1, bytes: dataBytes });
      dataBytes = 0;
    };
    for (const [at, byte] of bytes.entries()) {
      if (this.#isBeat(byte, bytes[at + 1])) {
        endData();
        addPiece(pieces, { kind: 'beat', count: 1, bytes: 1 });
        continue;
      }
      dataBytes += 1;
      if (byte === LF) this.#endRecord();
      else if (byte !== RS) {
        this.#isAtStart = false;
        this.#isEmpty = false;
        if (!this.#scanner.complete) this.#scanner.next(byte);
      }
    }
    endData();
    return pieces;
  }

  /** The separator before a record is none: something follows it at once. */
  #isBeat(byte: number, next: number | undefined): boolean {
    if (!this.#isAtStart || byte !== this.#beat) return false;
    return this.format === 'ndjson' || next === undefined || next === RS;
  }

  #endRecord(): void {
    if (!this.#isAtStart) this.records += 1;
    this.#isAtStart = true;
    this.#scanner = new JsonScanner();
  }
}
