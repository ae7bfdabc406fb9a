import { type OpenPatience, openEntry, openHead } from './codec.js';
import { REQUEST_AWAY_MS, type RunsContext } from './context.js';
import { formatCursor } from './cursor.js';
import type { EndEntry, RunHead } from './entry.js';
import { RunError, type RunErrorCode } from './errors.js';
import { eventsPath, resultPath } from './places.js';
import type { RunRecord, RunState } from './store.js';
import { warnOnce } from './warnings.js';

/** A run as its status resource shows it. */
export interface RunDescription {
  readonly id: string;
  readonly state: RunState;
  /** The status that the work came to, or has begun to answer with. */
  readonly status?: number;
  /** Why there is no result, in the words of problem objects. */
  readonly code?: string;
  readonly detail?: string;
  /** How often the work was started under its key, from 1. */
  readonly attempt: number;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly settledAt?: string;
  /** When it is forgotten; while it runs, if its owner were gone now. */
  readonly expiresAt: string;
  readonly cancelRequested?: true;
  readonly purged?: true;
  /** The end of what it has written. */
  readonly cursor: string;
  /** Of this process. */
  readonly watchers: number;
  /** Where its output is: an event stream, or a result. Both until that is known. */
  readonly events?: string;
  readonly result?: string;
}

/**
 * What this process cannot read of a run, such as one that another has sealed with a newer key, is left out:
 * it must not hide the rest, or other runs.
 * @throws RunError `store_away`
 */
export async function describeRun(
  context: RunsContext,
  record: RunRecord,
): Promise<RunDescription> {
  const { settings, feeds, runtime } = context;
  const { run, state, attempt, tail, fence, settledAt } = record;
  const { head, end, problem } = await contentOf(context, record);
  // The store's clock may start anywhere; how long ago something was is the same on every clock.
  const sinceMs = runtime.now() - record.now;
  const time = (storeMs: number): string => new Date(Math.round(storeMs + sinceMs)).toISOString();
  const final = state === 'running' ? undefined : state;
  return {
    id: run,
    state,
    ...(problem ?? statusOf(head, end)),
    attempt,
    startedAt: time(record.startedAt),
    ...(settledAt === undefined ? {} : { settledAt: time(settledAt) }),
    expiresAt: time(record.expiresAt),
    ...(record.cancelRequested ? { cancelRequested: true } : {}),
    ...(record.purged ? { purged: true } : {}),
    cursor: formatCursor({ run, epoch: fence.epoch, offset: tail, final }),
    watchers: feeds.watchers(run),
    ...(head?.unit === 'chunk' ? {} : { events: eventsPath(settings, run) }),
    ...(head?.unit === 'event' ? {} : { result: resultPath(settings, run) }),
  };
}

interface Content {
  readonly head?: RunHead | undefined;
  readonly end?: EndEntry | undefined;
  /** Whoever asks here for its output is told the same. */
  readonly problem?: { readonly code: RunErrorCode; readonly detail: string };
}

async function contentOf(context: RunsContext, record: RunRecord): Promise<Content> {
  const { codec } = context.settings.owner;
  try {
    const head =
      record.head && (await openHead(codec, record.head, record.run, patienceOf(context)));
    return { head, end: await endOf(context, record) };
  } catch (error) {
    // Of a run that goes on only the codec was asked, and not the store.
    const isOfCodec = (code: string) => code === 'corrupt_entry' || record.state === 'running';
    if (!(error instanceof RunError && isOfCodec(error.code))) throw error;
    warnOnce('HOLDOPEN_RUN_UNREADABLE', '', error.message);
    const detail = 'What is stored of this run cannot be read here.';
    return { problem: { code: error.code, detail } };
  }
}

/** The terminal entry of a settled run; `undefined` while it runs, or when its log was removed. */
export async function endOf(
  context: RunsContext,
  record: RunRecord,
): Promise<EndEntry | undefined> {
  const { run, state, tail, fence, purged } = record;
  const { codec } = context.settings.owner;
  if (state === 'running' || purged) return undefined;
  const answer = await context.ask({ operation: 'read', run }, () =>
    context.store.read({
      run,
      epoch: fence.epoch,
      after: tail - 1,
      maxEntries: 1,
      maxBytes: context.settings.watch.pageBytes,
    }),
  );
  const last = answer?.entries[0];
  if (last === undefined) return undefined;
  const entry = await openEntry(codec, last.bytes, run, patienceOf(context));
  return entry.kind === 'end' ? entry : undefined;
}

function patienceOf({ settings, runtime: { timers } }: RunsContext): OpenPatience {
  return { timers, limitMs: Math.min(REQUEST_AWAY_MS, settings.watch.storeAwayMs) };
}

function statusOf(
  head: RunHead | undefined,
  end: EndEntry | undefined,
): Pick<RunDescription, 'status' | 'code' | 'detail'> {
  const status = end?.status ?? head?.status;
  return {
    ...(status === undefined ? {} : { status }),
    ...(end?.code === undefined ? {} : { code: end.code }),
    ...(end?.detail === undefined ? {} : { detail: end.detail }),
  };
}
