import { z } from 'zod';
import { type Answer, answerJson } from './answer.js';

const Message = z.object({
  id: z.union([z.string(), z.number()]).optional(),
  method: z.string(),
  params: z.object({ protocolVersion: z.string().optional() }).optional(),
});

/** Answers what an MCP client says before and beside its call. `undefined`: this is the call. */
export function answerMcp(httpMethod: string, body: unknown): Answer | undefined {
  if (httpMethod !== 'POST') return { status: 405, headers: { Allow: 'POST' }, body: '' };
  const { id, method, params } = Message.parse(body);
  if (method === 'tools/call') return undefined;
  if (id === undefined) return { status: 202, headers: {}, body: '' };
  const result =
    method === 'initialize'
      ? {
          protocolVersion: params?.protocolVersion,
          capabilities: { tools: {} },
          serverInfo: { name: 'matrix', version: '1' },
        }
      : {};
  return answerJson(200, { jsonrpc: '2.0', id, result });
}
