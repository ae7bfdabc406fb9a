// One server process: holdOpen with runs in Redis. Writes a line to the counter file before it works.
import { openSync, writeSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { getHold, holdOpen } from '@holdopen/fetch';
import { createRedisStore } from '@holdopen/redis';
import { createRuns } from '@holdopen/runs';
import { createAdaptorServer } from '@hono/node-server';
import { type Plan, planOf, textOf } from './plan.js';
import { TIMES } from './times.js';

const { CHAOS_REDIS: url = '', CHAOS_COUNTER: counterFile = '', CHAOS_PORT = '0' } = process.env;
const encoder = new TextEncoder();
const counter = openSync(counterFile, 'a');
const { leaseMs, graceMs, sweepIntervalMs, slowPollMs, firstBeatMs, intervalMs } = TIMES;

const runs = createRuns({
  authorize: (request) => request.headers.get('x-user') ?? undefined,
  store: createRedisStore({ url, commandTimeoutMs: TIMES.commandTimeoutMs }),
  secret: 'of the chaos, 16 bytes at least',
  maxRunning: 100_000,
  maxRunningPerPrincipal: 100_000,
  hold: { firstBeatMs, intervalMs },
  ...{ leaseMs, graceMs, sweepIntervalMs, slowPollMs },
});

async function work(request: Request): Promise<Response> {
  const key = request.headers.get('idempotency-key');
  // A GET without a place of ours is no run.
  if (key === null) return new Response('no key', { status: 400 });
  const attempt = getHold(request).attempt ?? 0;
  writeSync(counter, `${JSON.stringify({ key, attempt, pid: process.pid, at: Date.now() })}\n`);
  const plan = planOf(key);
  return plan.kind === 'json'
    ? answerJson(plan, request.signal)
    : answerEvents(plan, request.signal);
}

async function answerJson(
  plan: Extract<Plan, { kind: 'json' }>,
  signal: AbortSignal,
): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  const { pausesMs, pieces } = plan;
  if (pieces.length === 1) {
    await sleep(pausesMs[0], undefined, { signal });
    return new Response(textOf(plan), { headers });
  }
  return new Response(streamOf(pieces, pausesMs, signal), { headers });
}

async function answerEvents(
  { headMs, events }: Extract<Plan, { kind: 'sse' }>,
  signal: AbortSignal,
): Promise<Response> {
  await sleep(headMs, undefined, { signal });
  const texts = events.map(({ data, ownId }) => {
    const id = ownId === undefined ? '' : `id: ${ownId}\n`;
    return `${id}data: ${data}\n\n`;
  });
  const pausesMs = events.map(({ pauseMs }) => pauseMs);
  return new Response(streamOf(texts, pausesMs, signal), {
    headers: { 'content-type': 'text/event-stream' },
  });
}

function streamOf(
  texts: readonly string[],
  pausesMs: readonly number[],
  signal: AbortSignal,
): ReadableStream<Uint8Array> {
  let i = 0;
  return new ReadableStream({
    async pull(controller) {
      const text = texts[i];
      if (text === undefined) {
        controller.close();
        return;
      }
      await sleep(pausesMs[i], undefined, { signal });
      i += 1;
      controller.enqueue(encoder.encode(text));
    },
  });
}

const held = holdOpen(work, { runs, firstBeatMs, intervalMs });

const server = createAdaptorServer({
  fetch: async (request: Request) => {
    // The body is all one: the key says what the work is.
    return runs.match(request) ?? (await held(request)) ?? new Response(null, { status: 500 });
  },
}) as Server;
server.listen(Number(CHAOS_PORT), '127.0.0.1', () => {
  console.log(JSON.stringify({ port: (server.address() as AddressInfo).port }));
});
// It ends when its stdin does, so that none outlives a run that was killed.
process.stdin.resume().once('end', () => process.exit());
