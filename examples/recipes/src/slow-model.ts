// A model that thinks for long and then answers, with OpenAI's API: the upstream of the gateway and of
// the chat route where there is no Ollama. It says each request that it gets.
//
//   PORT=11434 npx tsx examples/recipes/src/slow-model.ts
//   Models: "slow"; "busy" refuses at once; "too-long" refuses, "drops" breaks off after its thinking
import { createServer, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

const { PORT = '11434', WORK_MS = '20000' } = process.env;
const WORDS = ['It', ' is', ' forty-two', '.'];

const server = createServer(async (request, response) => {
  if (request.url !== '/v1/chat/completions') {
    return refuse(response, 404, 'not_found', 'There is only /v1/chat/completions.');
  }
  const asked = (await json(request).catch(() => ({}))) as { model?: string; stream?: boolean };
  const { model, stream } = asked;
  if (typeof model !== 'string') return refuse(response, 400, 'no_model', 'Say which model.');
  console.log(`${request.method} ${request.url} ${model}`);
  if (model === 'busy') return refuse(response, 429, 'rate_limit_exceeded', 'Too many requests.');
  await sleep(Number(WORK_MS));
  if (model === 'too-long') {
    return refuse(response, 400, 'context_length_exceeded', 'The prompt has too many tokens.');
  }
  if (stream !== true) {
    if (model === 'drops') return void response.destroy();
    const message = { role: 'assistant', content: WORDS.join('') };
    return send(response, 200, {
      ...completion('chat.completion', model),
      choices: [{ index: 0, message, finish_reason: 'stop' }],
    });
  }
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  for (const [index, content] of WORDS.entries()) {
    const isLast = index === WORDS.length - 1;
    const choice = { index: 0, delta: { content }, finish_reason: isLast ? 'stop' : null };
    const chunk = { ...completion('chat.completion.chunk', model), choices: [choice] };
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    if (model === 'drops' && index === 1) {
      await sleep(Number(WORK_MS));
      return void response.destroy();
    }
  }
  response.end('data: [DONE]\n\n');
});

function completion(object: string, model: string) {
  return { id: 'chatcmpl-1', object, created: 1_790_000_000, model };
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  send(response, status, { error: { message, type: 'invalid_request_error', param: null, code } });
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

server.listen(Number(PORT), () => {
  const address = server.address();
  if (typeof address === 'object') console.log(`Listening on http://localhost:${address?.port}/v1`);
});
