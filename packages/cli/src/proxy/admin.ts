import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import type { Target } from './target.js';

export interface AdminParts {
  readonly target: Target;
  /** The proxy takes requests. */
  isOpen(): boolean;
  metrics(): string;
}

const LOOK_MS = 1_000;
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Health and metrics, on an address of their own that the world need not see. */
export function createAdmin({ target, isOpen, metrics }: AdminParts): Server {
  return createServer((req, res) => {
    const answer = (status: number, text: string, type = 'text/plain; charset=utf-8'): void => {
      res.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(text);
    };
    if (req.method !== 'GET' && req.method !== 'HEAD') return answer(405, 'GET only\n');
    switch (req.url?.split('?', 1)[0]) {
      case '/healthz':
        return answer(200, 'ok\n');
      case '/readyz':
        if (!isOpen()) return answer(503, 'shutting down\n');
        takesConnections(target).then((takes) =>
          takes ? answer(200, 'ok\n') : answer(503, 'the target takes no connection\n'),
        );
        return;
      case '/metrics':
        return answer(200, metrics(), METRICS_TYPE);
      default:
        return answer(404, 'there are /healthz, /readyz and /metrics\n');
    }
  });
}

function takesConnections({ hostname, port, socketPath }: Target): Promise<boolean> {
  return new Promise((resolve) => {
    const socket =
      socketPath === undefined ? connect({ host: hostname, port }) : connect({ path: socketPath });
    const done = (takes: boolean) => (): void => {
      socket.destroy();
      resolve(takes);
    };
    socket.setTimeout(LOOK_MS, done(false)).once('connect', done(true)).once('error', done(false));
  });
}
