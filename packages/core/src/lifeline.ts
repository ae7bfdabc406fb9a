import type { HoldOpenError } from './errors.js';

/**
 * What ties user code to its request: the signal that ends its work, and the async context that its
 * hooks run in. Made when somebody needs it, in the request's own context.
 */
export class Lifeline {
  /** Runs a callback in the context that this was made in. */
  readonly run: (callback: () => void) => void;
  #controller: AbortController | undefined;
  #reason: HoldOpenError | undefined;

  constructor(run: (callback: () => void) => void) {
    this.run = run;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Only the first reason counts. */
  abort(reason: HoldOpenError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    const controller = this.#controller;
    if (controller !== undefined) this.run(() => controller.abort(reason));
  }
}
