import { type CauseMessage, causeFacts } from './cause.js';
import type { Ledger } from './ledger.js';
import type { IncidentFacts } from './record.js';

/** What `onState` of `@holdopen/client` is told, as far as it is used here. */
export interface CallState {
  readonly state: string;
  readonly attempt?: number;
  readonly runUrl?: string | undefined;
  readonly error?: unknown;
  /** A Response said that it failed. */
  readonly answered?: { readonly method: string; readonly url: string; readonly status: number };
}

/** Goes into `onState` of a call. */
export type CallListener = (state: CallState) => void;

const CODE = /^HOLDOPEN_[A-Z_]{1,40}$/;
const RUN_ID = /^[\w.~-]{1,100}$/;

/**
 * Writes down calls that failed or whose work is lost.
 *
 * @param route names the call; its method and host by default
 */
export function keepCalls(
  ledger: Ledger,
  causeMessage: CauseMessage | undefined,
  route?: string,
): CallListener {
  return ({ state, attempt, runUrl, error, answered }) => {
    if (state !== 'failed' && state !== 'lost') return;
    const facts = (error ?? answered ?? {}) as Readonly<Record<string, unknown>>;
    const named = route ?? placeOf(facts.method, facts.url);
    const cause = causeFacts(facts.cause, causeMessage);
    const run = runOf(runUrl);
    ledger.failed({
      subject: 'call',
      outcome: state === 'lost' ? 'lost' : outcomeOf(facts.code),
      ...(named === undefined ? {} : { route: named }),
      ...(run === undefined ? {} : { run }),
      ...(typeof facts.code === 'string' && CODE.test(facts.code) ? { code: facts.code } : {}),
      ...number('status', facts.status),
      ...number('attempts', facts.attempts ?? attempt),
      ...number('bytes', facts.bytes),
      ...number('idleMs', facts.silenceMs),
      ...(cause === undefined ? {} : { cause }),
    });
  };
}

function outcomeOf(code: unknown): 'disconnected' | 'failed' {
  return code === 'HOLDOPEN_RESET' || code === 'HOLDOPEN_CLOSED' || code === 'HOLDOPEN_TRUNCATED'
    ? 'disconnected'
    : 'failed';
}

/** A path may say something of a person; a host does not. */
function placeOf(method: unknown, url: unknown): string | undefined {
  if (typeof method !== 'string' || typeof url !== 'string' || !URL.canParse(url)) return undefined;
  return `${method} ${new URL(url).host}`;
}

/** The last part of its status resource. */
function runOf(url: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  const id = url.split(/[?#]/, 1)[0]?.split('/').at(-1) ?? '';
  return RUN_ID.test(id) ? id : undefined;
}

function number(
  name: 'status' | 'attempts' | 'bytes' | 'idleMs',
  value: unknown,
): Partial<IncidentFacts> {
  return typeof value === 'number' && Number.isFinite(value) ? { [name]: Math.round(value) } : {};
}
