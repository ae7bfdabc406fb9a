import { realpath } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { holdOpen } from '@holdopen/node';
import { answerErrors } from './answer-errors.js';
import { sendJson } from './json.js';
import { createMessageHandler } from './message.js';
import { createRouter } from './router.js';
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
  /** Resolves when no request is being worked on. */
  idle(): Promise<void>;
  /** Ends all connections and tools. */
  close(): Promise<void>;
}

/** The session that is there from the start. */
export const DEMO_SESSION = 'demo';

export async function startAgentServer(options: AgentServerOptions): Promise<AgentServer> {
  const { intervalMs, port = 0, log = console.error } = options;
  const sessions = new Sessions();
  sessions.create(DEMO_SESSION);

  // One handler for both routes, with the answers to its errors. This is all that holdopen takes:
  const message = answerErrors(createMessageHandler(await realpath(options.root), sessions), log);
  const held = holdOpen(message, {
    intervalMs,
    onLateOutcome: ({ status }, { method, url }) =>
      log(`${method} ${url}: ${status}, after a head with 200`),
  });

  const route = createRouter([
    {
      path: /^\/session$/,
      methods: {
        POST: (_req, res) => sendJson(res, 201, sessions.create()),
        GET: (_req, res) => sendJson(res, 200, sessions.list()),
      },
    },
    { path: /^\/session\/[^/]+\/message$/, methods: { POST: held } },
    { path: /^\/unwrapped\/session\/[^/]+\/message$/, methods: { POST: message } },
  ]);

  const listener = answerErrors(route, log);
  const answers = new Set<Promise<void>>();
  const server = createServer((req, res) => {
    const answer = listener(req, res).finally(() => answers.delete(answer));
    answers.add(answer);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });

  // A handler ends when its tool has ended, and not before.
  const idle = async () => {
    await Promise.all(answers);
  };
  return {
    port: (server.address() as AddressInfo).port,
    idle,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await idle();
    },
  };
}
