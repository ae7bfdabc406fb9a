import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';

const Message = z.object({
  id: z.union([z.string(), z.number()]).optional(),
  method: z.string(),
  params: z.object({ protocolVersion: z.string().optional() }).optional(),
});

/** Answers what an MCP client says before and beside its call. `false`: this is the call. */
export function answerMcp(req: IncomingMessage, res: ServerResponse, body: unknown): boolean {
  if (req.method !== 'POST') {
    res.writeHead(405, { Allow: 'POST' }).end();
    return true;
  }
  const { id, method, params } = Message.parse(body);
  if (method === 'tools/call') return false;
  if (id === undefined) {
    res.writeHead(202).end();
    return true;
  }
  const result =
    method === 'initialize'
      ? {
          protocolVersion: params?.protocolVersion,
          capabilities: { tools: {} },
          serverInfo: { name: 'matrix', version: '1' },
        }
      : {};
  res.writeHead(200, { 'Content-Type': 'application/json' });
  res.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
  return true;
}
