import { request } from 'node:http';
import { Duplex } from 'node:stream';
import { parseLateHead } from '@holdopen/core';

/** What is seen of a response on the wire, in the order in which it comes. */
export type WireEvent =
  | {
      readonly type: 'head';
      readonly status: number;
      readonly reason: string;
      /** The `HoldOpen` header. */
      readonly holdOpen: string | undefined;
    }
  | { readonly type: 'beat'; readonly count: number }
  | { readonly type: 'late-head'; readonly whitespace: string; readonly status: number }
  | { readonly type: 'payload'; readonly text: string };

/** The bytes of one response, as the tap in the path sees them. */
export class Wire {
  /** `null` as long as there is no head. */
  status: number | null = null;
  /** The status of the late head. `null` if there is none. */
  lateStatus: number | null = null;
  beats = 0;
  /** Whether the response was ended as HTTP demands. */
  complete = false;
  /** All of the body, white space included. */
  body = '';

  readonly #onEvent: (event: WireEvent) => void;
  readonly #copy: Duplex;
  readonly #done: Promise<void>;
  #inPayload = false;

  constructor(onEvent: (event: WireEvent) => void) {
    this.#onEvent = onEvent;
    // Node's own parser reads the copied bytes. The request it thinks it sends goes nowhere.
    this.#copy = new Duplex({ read() {}, write: (_chunk, _encoding, callback) => callback() });
    this.#done = new Promise((resolve) => {
      request({ createConnection: () => this.#copy })
        .on('response', (response) => {
          this.status = response.statusCode ?? null;
          const holdOpen = response.headers.holdopen?.toString();
          const { statusCode: status = 0, statusMessage: reason = '' } = response;
          onEvent({ type: 'head', status, reason, holdOpen });
          response.setEncoding('utf8').on('data', (text: string) => this.#read(text));
          response
            .on('error', () => {})
            .on('close', () => {
              this.complete = response.complete;
              resolve();
            });
        })
        .on('error', () => resolve())
        .end();
    });
  }

  push(bytes: Buffer): void {
    this.#copy.push(bytes);
  }

  /** No more bytes will come. Resolves when all of them have been looked at. */
  end(): Promise<void> {
    this.#copy.push(null);
    return this.#done;
  }

  /** The body without the white space before it. */
  get payload(): string {
    return this.body.trimStart();
  }

  #read(text: string): void {
    this.body += text;
    if (!this.#inPayload) {
      const whitespace = /^[\t\n\r ]*/.exec(this.body)?.[0] ?? '';
      this.#countBeats(whitespace);
      if (whitespace.length === this.body.length) return;
      this.#inPayload = true;
      this.#readLateHead(whitespace);
      this.#onEvent({ type: 'payload', text: this.payload });
    } else {
      this.#onEvent({ type: 'payload', text });
    }
  }

  /** Each beat is one line feed, and a late head has none. */
  #countBeats(whitespace: string): void {
    const beats = whitespace.split('\n').length - 1;
    while (this.beats < beats) {
      this.beats += 1;
      this.#onEvent({ type: 'beat', count: this.beats });
    }
  }

  #readLateHead(whitespace: string): void {
    const late = parseLateHead(whitespace);
    if (late === undefined) return;
    this.lateStatus = late.status;
    const start = whitespace.indexOf('\r');
    this.#onEvent({
      type: 'late-head',
      whitespace: whitespace.slice(start),
      status: late.status,
    });
  }
}
