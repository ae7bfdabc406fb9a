import { createFaultyPath } from '@holdopen/faulty-path';
import { DEMO_SESSION } from '../server.js';
import type { DemoOptions } from './options.js';
import { Wire, type WireEvent } from './wire.js';

export interface Call {
  readonly route: 'unwrapped' | 'held' | 'held-late-failure';
  readonly path: string;
  /** Whether the tool fails after its work. */
  readonly fail: boolean;
}

export const CALLS: readonly Call[] = [
  { route: 'unwrapped', path: `/unwrapped/session/${DEMO_SESSION}/message`, fail: false },
  { route: 'held', path: `/session/${DEMO_SESSION}/message`, fail: false },
  { route: 'held-late-failure', path: `/session/${DEMO_SESSION}/message`, fail: true },
];

/** What `--json` prints of a call. */
export interface CallResult {
  readonly route: Call['route'];
  /**
   * `dropped`: the path gave up. `answered`: the whole document came. `failed-late`: the true status
   * came after a 200.
   */
  readonly outcome: 'dropped' | 'answered' | 'failed-late';
  /** What the status line on the wire said, `null` if there was none. */
  readonly status: number | null;
  /** The status of the late head, or else of an answer's head. */
  readonly trueStatus: number | null;
  readonly elapsedMs: number;
  /** Beats seen on the wire. */
  readonly beats: number;
  /** What the plain client made of it. */
  readonly error: string | null;
  /** Whether the client got a whole body, and it is JSON. */
  readonly parsed: boolean;
}

export interface CallReport {
  readonly result: CallResult;
  readonly wire: Wire;
  /** The JSON document that the client got. */
  readonly document: unknown;
}

/** Where the calls go in: the path in front of the server that gives up, or one without limit before nginx. */
export interface Entry {
  readonly targetPort: number;
  readonly idleMs: number;
}

/** Makes a call with a plain client, and looks at the wire meanwhile. */
export async function makeCall(
  call: Call,
  entry: Entry,
  options: DemoOptions,
  onEvent: (event: WireEvent) => void,
  signal: AbortSignal,
): Promise<CallReport> {
  const wire = new Wire(onEvent);
  const path = await createFaultyPath({
    target: entry.targetPort,
    faults: [{ type: 'idle-kill', afterMs: entry.idleMs }],
    onBytes: (bytes, from) => {
      if (from === 'target') wire.push(bytes);
    },
  });
  const start = performance.now();
  const { document, error } = await plainClient(
    `${path.url}${call.path}`,
    { path: '.', toolMs: options.toolMs, fail: call.fail },
    signal,
  );
  const elapsedMs = Math.round(performance.now() - start);
  await path.close();
  await wire.end();
  signal.throwIfAborted();

  const { status, lateStatus, beats } = wire;
  const parsed = error === null;
  const failedLate = lateStatus !== null && lateStatus >= 400;
  const outcome = failedLate ? 'failed-late' : parsed ? 'answered' : 'dropped';
  const trueStatus = lateStatus ?? (parsed ? status : null);
  return {
    result: { route: call.route, outcome, status, trueStatus, elapsedMs, beats, error, parsed },
    wire,
    document,
  };
}

/** A client as anybody would write it, that knows nothing of holdopen. */
async function plainClient(
  url: string,
  message: unknown,
  signal: AbortSignal,
): Promise<{ document?: unknown; error: string | null }> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(message),
      signal,
    });
    return { document: await response.json(), error: null };
  } catch (error) {
    return { error: describe(error) };
  }
}

/** fetch hides what happened in the cause. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${describe(error.cause)})` : '';
  return `${error.name}: ${error.message}${cause}`;
}
