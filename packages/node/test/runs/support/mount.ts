// One handler in the words of any framework, and where holdOpen is mounted around it.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HoldHandle } from '@holdopen/core';
import type { Runs } from '@holdopen/runs';
import type { Served } from '../../held/support/serve.js';

/** What a handler of a table can say, whatever its framework. */
export interface Voice {
  /** Node's own. */
  readonly req: IncomingMessage;
  readonly hold: HoldHandle | undefined;
  text(): Promise<string>;
  json(value: unknown, status?: number, headers?: Readonly<Record<string, string>>): unknown;
  empty(status: number): unknown;
  stream(type: string, source: AsyncIterable<string>): unknown;
  /** Node's own, which the framework lets be from now on. */
  raw(): ServerResponse;
}

export type Work = (voice: Voice) => unknown;

export interface Around {
  readonly runs?: Runs | undefined;
  readonly firstBeatMs?: number;
  readonly intervalMs?: number;
  /** Mounted again on what is mounted. */
  readonly isTwice?: boolean;
  /** Without holdOpen. */
  readonly isBare?: boolean;
  /** Nobody reads the body before the handler does, in frameworks that would. */
  readonly isUnparsed?: boolean;
  /** Stands before holdOpen, and passes the request on when it has returned. */
  readonly before?: (req: IncomingMessage) => Promise<void> | undefined;
  /** Where a parser of JSON stands, in frameworks that have none of their own. */
  readonly parser?: 'before' | 'behind';
  /** Middleware before holdOpen, as Connect has it. */
  readonly outer?: Outer;
}

export type Outer = (req: IncomingMessage, res: ServerResponse, next: () => void) => void;

export interface Mount {
  readonly transport: 'HTTP/1.1' | 'h2c';
  /** Serves `/work` by any method, and the run routes, until the test is over. */
  serve(work: Work, around: Around): Promise<Served>;
}

/** So long that nothing is held by a machine that is busy. */
export const NEVER_MS = 20_000;

/** Short enough for tests, long enough for a machine that is busy. */
export const SOON = { firstBeatMs: 60, intervalMs: 60 } as const;

/** The options of holdOpen itself. */
export function holdOptions({ runs, firstBeatMs = NEVER_MS, intervalMs = 60 }: Around) {
  return { runs, firstBeatMs, intervalMs, format: 'json' } as const;
}
