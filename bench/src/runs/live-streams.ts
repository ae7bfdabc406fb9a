import { sharedMs } from './shared-clock.js';

const encoder = new TextEncoder();

/** Event streams that go on until they are ended, and get their events from outside. */
export class LiveStreams {
  readonly #controllers = new Set<ReadableStreamDefaultController<Uint8Array>>();

  /** Begins with event 0. */
  open(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controllers.add(controller);
        controller.enqueue(encoder.encode(liveEvent(0, sharedMs())));
      },
    });
  }

  /** One event for each, at the same moment. */
  append(n: number): void {
    const bytes = encoder.encode(liveEvent(n, sharedMs()));
    for (const controller of this.#controllers) controller.enqueue(bytes);
  }

  end(): void {
    for (const controller of this.#controllers) controller.close();
    this.#controllers.clear();
  }
}

/** An event that says when it was made. */
export function liveEvent(n: number, atMs: number): string {
  return `data: {"n":${n},"at":${atMs}}\n\n`;
}
