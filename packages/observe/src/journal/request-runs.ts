import { incomingOf } from '@holdopen/fetch';

/** Which run a request began or joined, so that its hold can name it. */
export class RequestRuns {
  readonly #runs = new WeakMap<object, string>();

  set(request: Request, run: string): void {
    this.#runs.set(request, run);
    // What adapters for Node call the request of a hold.
    const incoming = incomingOf(request);
    if (incoming !== undefined) this.#runs.set(incoming, run);
  }

  of(request: unknown): string | undefined {
    return typeof request === 'object' && request !== null ? this.#runs.get(request) : undefined;
  }
}
