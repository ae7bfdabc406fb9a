import { createFaultyPath } from '@holdopen/faulty-path';
import { DEMO_SESSION, startAgentServer } from '../server.js';
import { startNginx } from './nginx.js';
import { type DemoOptions, UsageError } from './options.js';

/** Serves for other clients, directly and through the path that gives up, until the signal fires. */
export async function serve(
  options: DemoOptions,
  servePort: number,
  signal: AbortSignal,
): Promise<void> {
  const { root, intervalMs, idleMs } = options;
  const server = await onPort(servePort, (port) => startAgentServer({ root, intervalMs, port }));
  try {
    const path = await nextTo(server.port, (port) =>
      options.nginx
        ? startNginx({ targetPort: server.port, idleMs, port })
        : createFaultyPath({
            target: server.port,
            faults: [{ type: 'idle-kill', afterMs: idleMs }],
            port,
          }),
    );
    try {
      process.stdout.write(instructions(options, server.port, path.port));
      await aborted(signal);
    } finally {
      await path.close();
    }
  } finally {
    await server.close();
  }
}

async function onPort<T>(port: number, open: (port: number) => Promise<T>): Promise<T> {
  try {
    return await open(port);
  } catch (error) {
    if (!isTaken(error)) throw error;
    throw new UsageError(`port ${port} is taken: give --serve another one, or 0 for a free one.`);
  }
}

/** Opens the path on the first free port above the server's own. */
async function nextTo<T>(below: number, open: (port: number) => Promise<T>): Promise<T> {
  for (let port = below + 1; ; port++) {
    try {
      return await open(port);
    } catch (error) {
      if (!isTaken(error) || port - below > 20) throw error;
    }
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve());
  });
}

function instructions({ toolMs, idleMs, nginx }: DemoOptions, port: number, pathPort: number) {
  const path = nginx ? 'nginx' : 'the idle proxy';
  const curl = (route: string, message: Record<string, unknown>) =>
    `  curl -N http://127.0.0.1:${pathPort}${route}/${DEMO_SESSION}/message -d '${JSON.stringify(message)}'\n`;
  return (
    `The agent server:   http://127.0.0.1:${port}\n` +
    `Through ${path}, which gives up after ${idleMs} ms of silence:   http://127.0.0.1:${pathPort}\n\n` +
    'Dropped:\n' +
    curl('/unwrapped/session', { path: '.', toolMs }) +
    'Held:\n' +
    curl('/session', { path: '.', toolMs }) +
    'Fails at the end:\n' +
    curl('/session', { path: '.', toolMs, fail: true }) +
    'An error in time:\n' +
    curl('/session', { path: '../..' }) +
    '\nCtrl-C ends it.\n'
  );
}
