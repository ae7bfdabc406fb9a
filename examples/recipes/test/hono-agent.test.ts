import { hc } from 'hono/client';
import { describe, expect, test } from 'vitest';
import type { AgentServer } from '../src/hono-agent.js';
import { holdsJson } from './support/json-route.js';
import { recipe } from './support/program.js';

describe.each(['Node', 'Bun'] as const)('on %s', (runtime) => {
  const agent = recipe('src/hono-agent.ts', { runtime });

  test.concurrent("Hono's own client keeps its types", async () => {
    const { url } = await agent.held.openPath();
    const message = hc<AgentServer>(url).session[':id'].message;
    const response = await message.$post({ param: { id: 'demo' }, json: { prompt: 'hi' } });
    const { text }: { text: string } = await response.json();
    expect(text).toBe('You said: hi');
  });

  holdsJson(agent, {
    path: '/session/demo/message',
    work: { prompt: 'hello' },
    answer: { role: 'assistant', text: 'You said: hello' },
    failing: { prompt: 'fail' },
    refused: [
      { body: { prompt: 7 }, status: 400 },
      { path: '/session/none/message', body: { prompt: 'hello' }, status: 404 },
    ],
  });
});
