// Work that outlives its connections, asked for in whichever runtime it is.
import { createServer } from 'node:http';
import { expect } from 'vitest';
import { quiet, until } from '../../../../test/support/until.js';
import type { Asks } from './ask.js';
import { BadPath, type PathHabits } from './bad-path.js';
import { numbers, RunServer } from './run-server.js';

const KEYED = { idempotencyKey: true, retry: { baseMs: 5 } } as const;

/** Every event of a run comes once and in order through a path that breaks all the time. */
export async function readsOverBadPath(
  asks: Asks,
  habits: Pick<PathHabits, 'sparesHeads'> = {},
): Promise<void> {
  await using server = await RunServer.start((self) => numbers(40, self));
  server.gate.open();
  let carried = 400;
  await using path = await BadPath.to(server.port, {
    ...habits,
    maxBytes() {
      carried += 300;
      return carried;
    },
  });
  const said = await asks({
    ...{ url: path.url, wants: 'events', holdOpen: KEYED, timeoutMs: 25_000 },
  });
  const all = Array.from({ length: 40 }, (_, index) => `${index}`);
  expect(said).toBe([...all, 'the end'].join(', then '));
  expect(server.starts).toBe(1);
  expect(path.connections).toBeGreaterThan(3);
}

/** A document survives its connection, and its work is done once. */
export async function getsDocumentOverBrokenPath(asks: Asks): Promise<void> {
  await using server = await RunServer.start(async (self) => {
    await self.gate.opened;
    return Response.json({ answer: 42 }, { status: 201 });
  });
  await using path = await BadPath.to(server.port);
  const asked = asks({
    ...{ url: path.url, wants: 'answer', holdOpen: KEYED, timeoutMs: 25_000 },
  });
  await until('the work has begun', () => server.starts === 1);
  // Before its head comes a browser would ask again itself.
  await until('its head has left', () => path.carried > 0);
  path.breakAll();
  await until('the client is back', () => server.requests.length >= 2);
  server.gate.open();
  expect(await asked).toBe('201 "{\\"answer\\":42}"');
  expect(server.starts).toBe(1);
}

/** What is said when a server begins to listen only after it was asked. */
export async function asksBeforeItListens(
  asks: Asks,
  holdOpen: { readonly idempotencyKey?: boolean } = {},
): Promise<string> {
  const server = createServer((_, response) => response.end('"late"'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  const asked = asks({
    ...{ url: `http://127.0.0.1:${port}/`, wants: 'answer', timeoutMs: 25_000 },
    holdOpen: { ...holdOpen, retry: { baseMs: 200, maxAttempts: 12 } },
  });
  // Time for the first attempt, which has to fail.
  await quiet(500);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const said = await asked;
  server.closeAllConnections();
  server.close();
  return said;
}
