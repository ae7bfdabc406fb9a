import { getHold, holdOpen } from '@holdopen/fetch';
import type { Answer } from '../answer.js';
import { HELD_NAMES } from '../cases.js';
import { partsOf } from '../route.js';
import type { Stage } from '../stage.js';

/** What Bun.serve and Deno.serve take, and bridges for Node. */
export type FetchApp = (request: Request, server?: unknown) => Promise<Response>;

export function fetchApp(stage: Stage): FetchApp {
  const handler = async (request: Request, _server?: unknown): Promise<Response> => {
    const answer = await stage.play({
      url: request.url,
      method: request.method,
      body: await request.text(),
      signal: getHold(request).signal,
    });
    return responseOf(answer);
  };
  const held = new Map(
    HELD_NAMES.map((name) => [name as string, holdOpen(handler, stage.holdOptions(name))]),
  );
  return (request, server) => (held.get(partsOf(request.url)[1] ?? '') ?? handler)(request, server);
}

export function responseOf({ status, headers, body }: Answer): Response {
  return new Response(typeof body === 'string' ? body : streamOf(body), { status, headers });
}

/** `ReadableStream.from` is not everywhere. */
function streamOf(pieces: AsyncIterable<string>): ReadableStream<Uint8Array> {
  const iterator = pieces[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done === true) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}
