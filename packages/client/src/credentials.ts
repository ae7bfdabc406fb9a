import type { Outgoing } from './request.js';
import { type RunPlace, showToken } from './run/place.js';

/**
 * Who asks. Headers of the user's go to the origin of the request alone, where the places of its runs
 * are, too; on a redirect they stay there.
 */
export class Credentials {
  readonly #outgoing: Outgoing;
  /** The last headers were refused. */
  #isRefused = false;
  #showsToken: boolean;

  constructor(outgoing: Outgoing) {
    this.#outgoing = outgoing;
    // A page of another origin would need leave for the header; it waits until there is no other way.
    this.#showsToken = !isForeignPage(outgoing.origin);
  }

  headers(attempt: number): Promise<Headers> {
    return this.#outgoing.headers({ attempt, isRefused: this.#isRefused });
  }

  showRun(headers: Headers, place: RunPlace): void {
    if (this.#showsToken) showToken(headers, place);
  }

  /**
   * A status refuses who asks. Whether there is something better to show: headers that are asked for anew,
   * once, and then the token of the run.
   */
  canImprove(status: number, place: RunPlace | undefined): boolean {
    // Who may not see a run is told that there is none.
    const isUnseen = status === 401 || (status === 404 && place !== undefined);
    if (isUnseen && !this.#isRefused && this.#outgoing.hasHeadersFunction) {
      this.#isRefused = true;
      return place !== undefined || this.#outgoing.isReplayable;
    }
    if (place?.token === undefined || this.#showsToken) return false;
    this.#showsToken = isRefusal(status);
    return this.#showsToken;
  }

  /** They were good enough. What is refused later is refused for the first time. */
  accepted(): void {
    this.#isRefused = false;
  }
}

/** A redirect leads to some login; a browser shows it as 0. */
function isRefusal(status: number): boolean {
  return status < 100 || (status >= 300 && status < 400) || [401, 403, 404].includes(status);
}

/** In a page, and not its own origin. */
export function isForeignPage(origin: string): boolean {
  const { location } = globalThis as { location?: { origin: string } };
  return location !== undefined && location.origin !== origin;
}
