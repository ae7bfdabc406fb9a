import { randomUUID } from 'node:crypto';
import { compared, type Shown, type Side } from '../compared.js';
import { withCpu } from '../cpu.js';
import type { Figure, Plan } from '../figure.js';
import { Processes } from '../processes.js';
import type { ResumableServer } from './resumable-server.js';
import type { StreamClient } from './stream-client.js';

const SHOWN: readonly Shown[] = [
  { measure: 'first', title: 'first half, one consumer', unit: 'ms' },
  { measure: 'back', title: 'a second comes back to its middle', unit: 'ms' },
  { measure: 'rest', title: 'second half, both', unit: 'ms' },
  { measure: 'cpuMs', title: 'CPU', unit: 'ms' },
];

const NOTE =
  'holdopen has each event in Redis before anybody sees it, with an id of its own, fences off a second owner, starts the work of a key once, keeps a finished run, and says when a run is lost. resumable-stream keeps the text in the memory of its producer and sends it through Redis only to those who come back: no ids (they count characters), no fencing, no idempotency, nothing to read after the end, and what Pub/Sub loses is missing without a word';

/**
 * The same stream by both on the same Redis. It pauses in its middle, until a second consumer that had a
 * quarter of it has come back.
 */
export async function besideResumableStream(plan: Plan): Promise<Figure[]> {
  const events = plan.quick ? 2_000 : 10_000;
  const figures = await compared(plan, {
    item: `resumed stream of ${events}`,
    shown: SHOWN,
    rounds: plan.quick ? 3 : 5,
    warmUps: plan.quick ? 1 : 2,
    async open() {
      const processes = await Processes.open(true);
      const client = processes.start<StreamClient>('stream-client.ts');
      const resumable = (): ReturnType<typeof processes.start<ResumableServer>> =>
        processes.start<ResumableServer>('resumable-server.ts', [processes.redisUrl]);
      const side = (name: string, server: ReturnType<typeof resumable>, isRun: boolean): Side => ({
        name,
        async turn() {
          const key = randomUUID();
          const ask = {
            port: await server.ask('port'),
            path: `/paused/${key}/${events}`,
            method: 'POST' as const,
            headers: { 'Idempotency-Key': key },
          };
          const middle = events / 2;
          const place = isRun ? 'cursor' : 'characters';
          const [times, cpuMs] = await withCpu(server, async () => {
            const first = await client.ask('follow', ask, middle);
            const back = await client.ask('comeBack', ask, middle, place);
            const rest = client.ask('rest', middle, isRun);
            await server.ask('goOn', key);
            return { first, back, rest: await rest };
          });
          return { ...times, cpuMs };
        },
      });
      const sides = [
        side('resumable-stream', resumable(), false),
        side('holdopen', processes.server('redis'), true),
        side('resumable-stream (A/A)', resumable(), false),
      ];
      return { sides, close: () => processes.close() };
    },
  });
  return figures.map((figure, i) => (i === 0 ? { ...figure, note: NOTE } : figure));
}
