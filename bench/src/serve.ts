import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cpuUs } from './cpu.js';

/** Longer than all turns of the others take: who is idle meanwhile is not to be connected anew in its own turn. */
const KEEP_ALIVE_MS = 600_000;

/** Listens on a free port. Gives what every server of a benchmark can be asked. */
export async function serve(server: Server) {
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.listen({ port: 0, host: '127.0.0.1', backlog: 2_048 });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port: () => port, cpuUs };
}
export type Served = Awaited<ReturnType<typeof serve>>;
