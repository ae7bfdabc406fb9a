import { onTestFinished } from 'vitest';
import { createProxy, type ProxyOptions, type RunningProxy } from '../../../src/index.js';

export interface Started extends RunningProxy {
  readonly port: number;
  /** Lines of the access log, parsed. */
  readonly log: readonly LogLine[];
}

interface LogLine {
  readonly method: string;
  readonly path: string;
  readonly route?: string;
  readonly status?: number;
  readonly refused?: string;
  readonly failure?: string;
  readonly left?: true;
  readonly held?: {
    readonly beats: number;
    readonly ended: string;
    readonly lateStatus?: number;
    readonly droppedHeaders?: readonly string[];
  };
}

/** Short enough for tests, long enough for a machine that is busy. */
const QUICK = { firstBeatMs: 100, intervalMs: 100 } as const;

/** A proxy until the test is over, on a free port. */
export async function startProxy(
  target: string | number,
  options: Omit<ProxyOptions, 'target'> = {},
): Promise<Started> {
  const log: LogLine[] = [];
  const proxy = await createProxy(
    {
      target: typeof target === 'number' ? `http://127.0.0.1:${target}` : target,
      listen: '127.0.0.1:0',
      routes: ['/held*'],
      hold: QUICK,
      accessLog: 'json',
      ...options,
    },
    { write: (line) => log.push(JSON.parse(line)) },
  );
  onTestFinished(() => proxy.destroy());
  return { ...proxy, port: Number(new URL(proxy.url).port), log };
}
