// A gateway with OpenAI's API in front of a slow upstream, JSON and event streams. A late error is an
// event that OpenAI's clients know, and a cut document in JSON, which none of them takes for an answer.
//
//   UPSTREAM_URL=http://localhost:11434/v1 npx tsx examples/recipes/src/openai-gateway.ts
//   The upstream is Ollama, vLLM or src/slow-model.ts. Then, with any client of OpenAI's:
//     new OpenAI({ baseURL: 'http://localhost:3000/v1', apiKey: 'any' })

import { getHold, holdOpen } from '@holdopen/fetch';
import { serve } from '@hono/node-server';

const {
  PORT = '3000',
  HOLD_INTERVAL_MS = '8000',
  UPSTREAM_URL = 'http://localhost:11434/v1',
} = process.env;
const intervalMs = Number(HOLD_INTERVAL_MS);

/** Asks the upstream, and hands its answer on as it is. */
async function forward(request: Request, body: string): Promise<Response> {
  const headers = new Headers({ 'Content-Type': 'application/json' });
  const authorization = request.headers.get('authorization');
  if (authorization !== null) headers.set('Authorization', authorization);
  try {
    // Node's fetch gives up on a silent upstream after 300 s: for longer thinking give it a
    // `dispatcher`, undici's `new Agent({ headersTimeout: 0, bodyTimeout: 0 })`.
    const answer = await fetch(`${UPSTREAM_URL}/chat/completions`, {
      method: 'POST',
      headers,
      body,
      signal: getHold(request).signal,
    });
    return new Response(answer.body, { status: answer.status, headers: headersOf(answer) });
  } catch (error) {
    console.error('upstream:', error);
    return refuse(502, 'The upstream model could not be reached.');
  }
}

/** Node's fetch has undone the coding, so its headers must not be handed on. */
function headersOf(answer: Response): [string, string][] {
  const names = ['content-type', 'retry-after', 'x-request-id'];
  return [...answer.headers].filter(([name]) => names.includes(name));
}

function refuse(status: number, message: string): Response {
  return Response.json({ error: openAiError(message) }, { status });
}

function openAiError(message: string) {
  return { message, type: 'gateway_error', param: null, code: null };
}

// Whether it is to be a stream stands in the body, so there are two mounts to choose from.
const document = holdOpen(forward, { intervalMs, format: 'json' });
const events = holdOpen(forward, {
  intervalMs,
  format: 'sse',
  // Sent as data: {"error": …}, which OpenAI's clients throw as an APIError.
  lateError: ({ detail }) => ({ error: openAiError(detail ?? 'The upstream broke off.') }),
});

async function gateway(request: Request): Promise<Response> {
  if (new URL(request.url).pathname !== '/v1/chat/completions')
    return refuse(404, 'No such route.');
  const body = await request.text();
  return (wantsStream(body) ? events : document)(request, body);
}

function wantsStream(body: string): boolean {
  try {
    return JSON.parse(body).stream === true;
  } catch {
    return false; // The upstream will say what is wrong with it.
  }
}

serve({ fetch: gateway, port: Number(PORT) }, ({ port }) => {
  console.log(`Listening on http://localhost:${port}/v1`);
});
