import { corsHeaders } from '../cors.js';
import { RunError } from '../errors.js';
import { notFound, problemResponse } from '../problem.js';
import type { RunSecret } from '../run-id.js';
import type { RunsSettings } from '../settings.js';
import type { RunRecord } from '../store.js';
import { RUN_TOKEN_HEADER, type RunToken, type TokenAction, verifyRunToken } from '../token.js';
import { ANONYMOUS, type AuthorizeAnswer, type RunAction } from './authorize.js';

/** Somebody may do what it asked for. */
export interface Granted {
  readonly kind: 'granted';
  readonly principal: string;
  /** When it is to be asked again, in milliseconds since 1970. */
  readonly expiresAt: number | undefined;
  /** The token that it showed, as it was sent. Who came by a token is given no other. */
  readonly token: string | undefined;
}

export type Access = Granted | { readonly kind: 'refused'; readonly response: Response };

/** Asks `authorize`, and lets nobody at a run of another principal. */
export class Gate {
  readonly #settings: RunsSettings;
  readonly #secret: () => Promise<RunSecret>;
  readonly #now: () => number;

  /** `now` is milliseconds since 1970. */
  constructor(settings: RunsSettings, secret: () => Promise<RunSecret>, now: () => number) {
    this.#settings = settings;
    this.#secret = secret;
    this.#now = now;
  }

  /**
   * Whether the request may start work. A token never lets it.
   * @throws RunError `empty_principal`, and whatever `authorize` throws
   */
  async toStart(request: Request): Promise<Access> {
    const access = await this.#ask(request, 'start', undefined, undefined);
    if (access.kind === 'granted') return access;
    const problem = { status: 403, code: 'forbidden', detail: 'You may not start this work.' };
    return refused(access.response ?? problemResponse(problem, this.#cors(request)));
  }

  /**
   * Whether the request may do this with a run. Refusals look the same whether there is such a run or
   * not.
   * @throws RunError `empty_principal`, and whatever `authorize` throws
   */
  async toRun(
    request: Request,
    action: TokenAction,
    record: RunRecord | undefined,
  ): Promise<Access> {
    const shown = await this.#token(request, action, record);
    const access = await this.#ask(request, action, record, shown?.token);
    if (access.kind === 'refused') {
      return refused(access.response ?? notFound(this.#cors(request)));
    }
    if (record === undefined || access.principal !== record.principal) {
      return refused(notFound(this.#cors(request)));
    }
    return { ...access, token: shown?.text };
  }

  /**
   * Whose runs the request may see: `authorize` is asked to `read` without a run.
   * @throws RunError `empty_principal`, and whatever `authorize` throws
   */
  async toList(request: Request): Promise<Access> {
    const access = await this.#ask(request, 'read', undefined, undefined);
    if (access.kind === 'granted') return access;
    const problem = { status: 403, code: 'forbidden', detail: 'You may not see runs.' };
    return refused(access.response ?? problemResponse(problem, this.#cors(request)));
  }

  async #ask(
    request: Request,
    action: RunAction,
    record: RunRecord | undefined,
    token: RunToken | undefined,
  ): Promise<Granted | Refusal> {
    const answer = await this.#settings.authorize(request, {
      action,
      run: record && {
        id: record.run,
        principal: record.principal,
        route: record.route,
        state: record.state,
      },
      token,
    });
    return this.#read(answer);
  }

  #cors(request: Request): Headers {
    return corsHeaders(request, this.#settings.cors);
  }

  #read(answer: AuthorizeAnswer): Granted | Refusal {
    if (answer === undefined || answer === null || answer === false) return NO_ANSWER;
    if (answer instanceof Response) return { kind: 'refused', response: answer };
    const { principal, expiresAt } =
      typeof answer === 'string' ? { principal: answer, expiresAt: undefined } : answer;
    this.#check(principal);
    const untilMs = expiresAt instanceof Date ? expiresAt.getTime() : expiresAt;
    // What is over already, or is no time at all, counts for nothing.
    if (untilMs !== undefined && !(untilMs > this.#now())) return NO_ANSWER;
    return { kind: 'granted', principal, expiresAt: untilMs, token: undefined };
  }

  #check(principal: unknown): void {
    if (typeof principal !== 'string' || principal === '') {
      throw new RunError(
        'empty_principal',
        'authorize gave an empty principal, so that all such callers would share their runs. Give whoever the request is from, or undefined to refuse it.',
        { given: principal },
      );
    }
    if (principal === ANONYMOUS && !this.#settings.anonymous) {
      throw new RunError(
        'invalid_option',
        'authorize gave ANONYMOUS, which needs the option anonymous: true. Keys must then be as long as secrets.',
      );
    }
  }

  async #token(
    request: Request,
    action: TokenAction,
    record: RunRecord | undefined,
  ): Promise<{ text: string; token: RunToken } | undefined> {
    const text = request.headers.get(RUN_TOKEN_HEADER);
    if (text === null || record === undefined) return undefined;
    try {
      const { isRevoked } = this.#settings;
      const check = { now: this.#now(), isRevoked };
      const token = await verifyRunToken(await this.#secret(), text, check);
      const isFor = token.run === record.run && token.actions.includes(action);
      return isFor ? { text, token } : undefined;
    } catch (error) {
      // As if it were not there: the request may have a better reason.
      if (error instanceof RunError && error.code === 'invalid_token') return undefined;
      throw error;
    }
  }
}

interface Refusal {
  readonly kind: 'refused';
  readonly response: Response | undefined;
}

const NO_ANSWER: Refusal = { kind: 'refused', response: undefined };

function refused(response: Response): Access {
  return { kind: 'refused', response };
}
