import { realpath } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { holdOpen } from '@holdopen/node';
import { HttpError } from './http-error.js';
import { sendJson } from './json.js';
import { createMessageHandler } from './message.js';
import { Sessions } from './sessions.js';

export interface AgentServerOptions {
  /** Clients may have this directory surveyed, and what is below it. */
  readonly root: string;
  /** Milliseconds of silence after which a beat goes out. */
  readonly intervalMs: number;
  /** The port on 127.0.0.1 to listen on. A free one by default. */
  readonly port?: number;
  /** Takes the lines that an operator should see. */
  readonly log?: (line: string) => void;
}

export interface AgentServer {
  readonly port: number;
  /** Ends all connections and tools. */
  close(): Promise<void>;
}

/** The session that is there from the start. */
export const DEMO_SESSION = 'demo';

type Handler = (req: IncomingMessage, res: ServerResponse) => unknown;

export async function startAgentServer(options: AgentServerOptions): Promise<AgentServer> {
  const { intervalMs, port = 0, log = console.error } = options;
  const sessions = new Sessions();
  sessions.create(DEMO_SESSION);

  const message = createMessageHandler(await realpath(options.root), sessions);
  const held = holdOpen(message, {
    intervalMs,
    onLateOutcome: (outcome, request) => {
      const reason = 'error' in outcome && outcome.error instanceof Error ? outcome.error : '';
      log(`${request.method} ${request.url}: ${outcome.status} after the head. ${reason}`);
    },
  });

  const routes: { path: RegExp; methods: Record<string, Handler> }[] = [
    {
      path: /^\/session$/,
      methods: {
        POST: (_req, res) => sendJson(res, 201, sessions.create()),
        GET: (_req, res) => sendJson(res, 200, sessions.list()),
      },
    },
    { path: /^\/session\/[^/]+\/message$/, methods: { POST: held } },
    { path: /^\/unwrapped\/session\/[^/]+\/message$/, methods: { POST: message } },
  ];

  function route(req: IncomingMessage, res: ServerResponse): unknown {
    const [path = '/'] = (req.url ?? '').split('?');
    const match = routes.find((candidate) => candidate.path.test(path));
    if (match === undefined) throw new HttpError(404, `there is nothing at ${path}`);

    const handler = Object.entries(match.methods).find(([method]) => method === req.method)?.[1];
    if (handler !== undefined) return handler(req, res);
    const allowed = Object.keys(match.methods).join(', ');
    res.setHeader('Allow', allowed);
    throw new HttpError(405, `${path} knows ${allowed} only`);
  }

  const answers = new Set<Promise<void>>();
  const server = createServer((req, res) => {
    const answer = (async () => {
      try {
        await route(req, res);
      } catch (error) {
        sendError(res, error, log);
      } finally {
        answers.delete(answer);
      }
    })();
    answers.add(answer);
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });

  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      // Each handler ends when its tool has.
      await Promise.all(answers);
    },
  };
}

/** The answer to an error before the head is out: both routes get it in the same way. */
function sendError(res: ServerResponse, error: unknown, log: (line: string) => void): void {
  if (res.headersSent || res.destroyed) return;
  if (error instanceof HttpError) {
    sendJson(res, error.statusCode, { error: error.message });
    return;
  }
  log(`internal error: ${error instanceof Error ? error.stack : error}`);
  sendJson(res, 500, { error: 'internal error' });
}
