// Streams of `resumable-stream`, in a process of their own: `resumable-server.ts <URL of Redis>`.
import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { createClient } from 'redis';
import { createResumableStreamContext } from 'resumable-stream/generic';
import { answer } from '../child.js';
import { serve } from '../serve.js';
import { numberedEvents } from './numbered-events.js';
import { Pauses } from './pauses.js';

const [url = ''] = process.argv.slice(2);
const HEADERS = { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' };
const pauses = new Pauses();
const [publisher, subscriber] = [createClient({ url }), createClient({ url })];
await Promise.all([publisher.connect(), subscriber.connect()]);
const context = createResumableStreamContext({ waitUntil: null, publisher, subscriber });

/** As its README does it: a POST makes a stream, a GET goes on in it behind so many characters. */
async function answerRequest(request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const [, , name = '', count = ''] = pathname.split('/');
  const stream =
    request.method === 'POST'
      ? await context.createNewResumableStream(name, () => {
          const pause = { before: Number(count) / 2, over: pauses.over(name) };
          return numberedEvents(Number(count), (text) => text, pause);
        })
      : await context.resumeExistingStream(name, Number(searchParams.get('skip')));
  if (!stream) return new Response('Stream is already done', { status: 422 });
  // Text: this server takes it, and to encode it first would make the peer slower.
  const body: ReadableStream = stream;
  return new Response(body, { headers: HEADERS });
}

const server = createAdaptorServer({ fetch: answerRequest }) as Server;

const commands = {
  ...(await serve(server)),
  goOn: (name: string) => pauses.end(name),
};
export type ResumableServer = typeof commands;
answer(commands);
