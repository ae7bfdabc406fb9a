import type { BodyReader, BodyState, Piece } from './reader.js';

/** A body whose type carries no beats, or whose bytes cannot be looked into: all of it is data. */
export class OpaqueReader implements BodyReader {
  readonly format = 'other';
  readonly takesBeat = false;
  readonly lateHead = undefined;
  readonly announcedMs = undefined;
  readonly toldFailure = false;
  readonly records = 0;
  #state: BodyState = 'blank';

  get state(): BodyState {
    return this.#state;
  }

  read(bytes: Uint8Array): Piece[] {
    this.#state = 'unknown';
    return [{ kind: 'data', count: 1, bytes: bytes.length }];
  }
}
