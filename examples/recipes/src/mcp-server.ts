// An MCP server with the official SDK: stateless Streamable HTTP, answers in JSON (`enableJsonResponse`,
// in which the SDK itself sends no keep-alive), and a tool that takes minutes. MCP clients accept
// event streams too, so a slow answer is held as one, and its JSON is the one event of it.
//
//   npx tsx examples/recipes/src/mcp-server.ts        then connect an MCP client to /mcp
//   The client's own time-out counts in total, 60 s by default, and no beat extends it:
//     client.callTool(call, undefined, { timeout: 30 * 60_000 })
import { setTimeout as sleep } from 'node:timers/promises';
import { drain, type ExpressHoldOpenOptions, holdOpen } from '@holdopen/express';
import { createMcpExpressApp } from '@modelcontextprotocol/sdk/server/express.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { z } from 'zod';

const { PORT = '3000', HOLD_INTERVAL_MS = '8000', WORK_MS = '20000' } = process.env;

function createServer(): McpServer {
  const server = new McpServer({ name: 'builder', version: '1.0.0' });
  server.registerTool(
    'build',
    { description: 'Builds a branch and runs its tests.', inputSchema: { branch: z.string() } },
    async ({ branch }, { signal }) => {
      await sleep(Number(WORK_MS), undefined, { signal });
      return { content: [{ type: 'text', text: `${branch}: 1397 tests passed` }] };
    },
  );
  return server;
}

const hold: ExpressHoldOpenOptions = {
  intervalMs: Number(HOLD_INTERVAL_MS),
  // A client waits for a message with the id of its call; it would overlook any other error.
  lateError: ({ status, detail }, { body }) => ({
    jsonrpc: '2.0',
    id: body.id,
    error: {
      code: -32000,
      message: detail ?? `The server failed with ${status}`,
      data: { status },
    },
  }),
};

const app = createMcpExpressApp();

app.post('/mcp', holdOpen(hold), async (req, res) => {
  const server = createServer();
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
  res.once('close', () => void server.close());
  await server.connect(transport);
  await transport.handleRequest(req, res, req.body);
});

app.all('/mcp', (_req, res) => {
  const error = { code: -32000, message: 'Method not allowed.' };
  res.status(405).json({ jsonrpc: '2.0', id: null, error });
});

const listening = app.listen(Number(PORT), '127.0.0.1', () => {
  const address = listening.address();
  if (typeof address === 'object')
    console.log(`Listening on http://localhost:${address?.port}/mcp`);
});

// Callers that wait hear of a shutdown at once.
process.once('SIGTERM', async () => {
  listening.close();
  await drain({ timeoutMs: 0 });
  process.exit();
});
