import { refusal } from './headers.js';
import type { LiveSettings } from './options.js';

/** What `authorize` came to. */
export type Verdict =
  /** `until`: milliseconds since 1970. */
  | { readonly allowed: true; readonly until: number }
  | { readonly allowed: false; readonly response: Response };

const { console, Date: Time } = globalThis;

/** Who may look. Everything that is no clear yes is a no. */
export class Gate {
  readonly #authorize: LiveSettings['authorize'];
  #toldOfFailure = false;

  constructor({ authorize }: Pick<LiveSettings, 'authorize'>) {
    this.#authorize = authorize;
  }

  async ask(request: Request): Promise<Verdict> {
    try {
      return this.#verdictOn(await this.#authorize(request));
    } catch (error) {
      // Members of what it gave may throw, too.
      return this.#failed('authorize of the live page failed', error);
    }
  }

  #verdictOn(given: unknown): Verdict {
    if (given === true) return { allowed: true, until: Number.POSITIVE_INFINITY };
    if (given === false || given === undefined || given === null) return no(refusal(403));
    if (isResponse(given)) return this.#refused(given);
    const until = Number((given as { expiresAt?: unknown }).expiresAt ?? Number.NaN);
    if (typeof given !== 'object' || Number.isNaN(until)) {
      return this.#failed(
        `authorize of the live page must give true, { expiresAt }, false or a Response, so nobody was let in. It gave ${typeof given}. For a session that is there give \`session !== undefined\`.`,
      );
    }
    return until > Time.now() ? { allowed: true, until } : no(refusal(403));
  }

  #refused(response: Response): Verdict {
    try {
      // A copy, for one may be kept and given again and again, but sent only once.
      return no(refusal(response instanceof Response ? response.clone() : response));
    } catch (error) {
      return this.#failed(
        'the Response that authorize of the live page gave cannot be sent. Make a new one each time',
        error,
      );
    }
  }

  /** Once, or a page that tries again would fill the log. */
  #failed(message: string, error?: unknown): Verdict {
    if (!this.#toldOfFailure) {
      this.#toldOfFailure = true;
      console.error(`holdopen: ${message}`, ...(error === undefined ? [] : [error]));
    }
    return no(refusal(500));
  }
}

function no(response: Response): Verdict {
  return { allowed: false, response };
}

/** By its shape: a framework may have a class of its own. */
function isResponse(value: unknown): value is Response {
  if (value instanceof Response) return true;
  if (typeof value !== 'object' || value === null) return false;
  const { status, headers } = value as { status?: unknown; headers?: { get?: unknown } };
  return typeof status === 'number' && typeof headers?.get === 'function';
}
