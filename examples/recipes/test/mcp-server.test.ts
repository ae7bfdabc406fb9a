import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { RequestOptions } from '@modelcontextprotocol/sdk/shared/protocol.js';
import { afterAll, expect, test } from 'vitest';
import { until } from '../../../test/support/until.js';
import { post } from './support/json-route.js';
import { type Program, program, recipe } from './support/program.js';

const { held, plain } = recipe('src/mcp-server.ts');
const ended = program('src/mcp-server.ts', { env: () => ({ WORK_MS: '60000' }) });

const clients: Client[] = [];
afterAll(() => Promise.all(clients.map((client) => client.close())));

async function build(server: Program, options?: RequestOptions) {
  const way = await server.openPath();
  const client = new Client({ name: 'test', version: '1.0.0' });
  clients.push(client);
  await client.connect(new StreamableHTTPClientTransport(new URL(`${way.url}/mcp`)));
  const call = { name: 'build', arguments: { branch: 'main' } };
  return { way, result: client.callTool(call, undefined, options) };
}

test.concurrent('without holdopen the call of a slow tool is killed on its way', async () => {
  const { way, result } = await build(plain);
  await expect(result).rejects.toThrow('fetch failed');
  expect(way.kills).toBeGreaterThan(0);
});

test.concurrent('with it the same call gets its result, as an event stream', async () => {
  const { way, result } = await build(held);
  expect(await result).toEqual({ content: [{ type: 'text', text: 'main: 1397 tests passed' }] });
  expect(way.sent).toMatch(/^content-type: text\/event-stream\r?$/im);
  expect(way.sent).toContain(': keepalive\n\n');
});

test.concurrent("the client's own time-out counts in total, beats or not", async () => {
  const { way, result } = await build(held, { timeout: 2_000 });
  await expect(result).rejects.toThrow('Request timed out');
  expect(way.sent).toContain(': keepalive\n\n');
});

test.concurrent('a client that waits hears of a shutdown at once', async () => {
  const { way, result } = await build(ended);
  const failed = expect(result).rejects.toMatchObject({ code: -32000, data: { status: 503 } });
  await until('the call is held', () => way.sent.includes(': keepalive'));
  ended.kill('SIGTERM');
  await failed;
});

test('what is refused at once is answered in JSON, with its status', async () => {
  const response = await post(`${held.url}/mcp`, { jsonrpc: '2.0', id: 1, method: 'ping' });
  expect(response.status).toBe(406);
  expect(await response.json()).toMatchObject({ error: { code: -32000 } });
});
