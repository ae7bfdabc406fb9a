// A held server for a runtime that is not the one of the tests. Says its port, then what it sees.
import { getHold, holdOpen } from '@holdopen/fetch';

const say = (what) => console.log(JSON.stringify(what));
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const encoder = new TextEncoder();

/** A body of pieces with gaps between them, and whether it was cancelled. */
function pieces(path, texts, gapMs) {
  let next = 0;
  return new ReadableStream(
    {
      async pull(controller) {
        const text = texts[next++];
        if (next > 1) await sleep(gapMs);
        if (text === undefined) controller.close();
        else if (text instanceof Error) controller.error(text);
        else controller.enqueue(encoder.encode(text));
      },
      cancel(reason) {
        say({ cancelled: path, code: reason?.code });
      },
    },
    { highWaterMark: 0 },
  );
}

const json = { 'Content-Type': 'application/json' };
const events = { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' };

const routes = {
  '/fast': () => new Response('{"fast":true}', { status: 203, headers: { ...json, 'X-A': '1' } }),
  '/json': async () => {
    await sleep(250);
    return Response.json({ a: 'ü' });
  },
  '/created': async () => {
    await sleep(150);
    return Response.json({ id: 7 }, { status: 201, headers: { Location: '/7' } });
  },
  '/422': async () => {
    await sleep(150);
    return Response.json({ why: 'late' }, { status: 422 });
  },
  '/422-long': async () => {
    await sleep(150);
    return Response.json({ why: 'x'.repeat(300_000) }, { status: 422 });
  },
  '/thrown': async () => {
    await sleep(150);
    throw new Error('late');
  },
  '/early': async () => new Response('no', { status: 400 }),
  '/gzip': async () => {
    await sleep(150);
    const body = new Response('{"a":"ü"}').body.pipeThrough(new CompressionStream('gzip'));
    return new Response(body, { headers: { ...json, 'Content-Encoding': 'gzip' } });
  },
  '/pieces': async () => {
    await sleep(150);
    return new Response(pieces('/pieces', ['["one', '",', '2', ',3', ']'], 20), { headers: json });
  },
  '/midway': async () => {
    await sleep(150);
    const body = pieces('/midway', ['{"a":1', ',"b":2}', new Error('midway')], 100);
    return new Response(body, { headers: json });
  },
  '/events': () =>
    new Response(pieces('/events', ['data: 1\n\n', 'data: 2\n', 'da', 'ta: 3\n\n'], 170), {
      headers: events,
    }),
  '/silent-events': () => {
    const body = new ReadableStream({
      async start(controller) {
        await sleep(200);
        controller.enqueue(encoder.encode('data: 1\n\n'));
        controller.close();
      },
    });
    return new Response(body, { headers: events });
  },
  '/endless-events': () =>
    new Response(pieces('/endless-events', ['data: 1\n\n', ...Array(1000).fill('')], 1000), {
      headers: events,
    }),
  '/wait': (request) =>
    new Promise((_resolve, reject) => {
      const hold = getHold(request);
      hold.signal.addEventListener('abort', () => {
        say({ aborted: hold.signal.reason.code, state: hold.state });
        reject(hold.signal.reason);
      });
    }),
  '/silent': async (request) => {
    await sleep(Number(new URL(request.url).searchParams.get('ms')));
    return Response.json({ a: 1 });
  },
};

const route = (request) => routes[new URL(request.url).pathname](request);
const quick = holdOpen(route, { firstBeatMs: 20, intervalMs: 60, onLateOutcome() {} });
const withheld = holdOpen(route, { firstBeatMs: 14_000 });
const handler = (request, ...rest) => {
  if (request.url.includes('withheld=reachable')) return withheld(request, ...rest);
  if (request.url.includes('withheld')) return withheld(request);
  return quick(request, ...rest);
};

process.on('unhandledRejection', (reason) => say({ unhandled: String(reason) }));

if (globalThis.Bun !== undefined) {
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: handler });
  say({ port: server.port });
} else if (globalThis.Deno !== undefined) {
  Deno.serve({ port: 0, hostname: '127.0.0.1', onListen: ({ port }) => say({ port }) }, handler);
} else {
  const { serve } = await import('@hono/node-server');
  serve({ port: 0, hostname: '127.0.0.1', fetch: handler }, ({ port }) => say({ port }));
}
