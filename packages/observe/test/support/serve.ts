import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** Short enough for tests. */
export const QUICK = { firstBeatMs: 20, intervalMs: 60 } as const;

/** Serves until the test is over. Gives where. */
export async function serve(listener: RequestListener): Promise<string> {
  return listening(createServer(listener));
}

export async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** So that a response is held. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Asks for JSON. A cut is no error here. */
export async function ask(url: string, init: RequestInit = {}): Promise<string> {
  const response = await fetch(url, { headers: { accept: 'application/json' }, ...init });
  return response.text().catch(() => 'cut');
}
