// Stands in for your load balancer: each request goes to the next server, and past those that are down.
//
//   npx tsx src/proxy.ts 3000 3001 3002        (its own port, then those of the servers)
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';

export async function startProxy(targets: readonly number[], port = 0) {
  let turn = 0;

  async function forward(req: IncomingMessage, res: ServerResponse): Promise<void> {
    // All of it first, so that it can be sent to another server.
    const body = await buffer(req);
    for (let tries = 0; tries < targets.length; tries += 1) {
      const target = targets[turn++ % targets.length];
      const { method, url: path, headers } = req;
      const to = { host: '127.0.0.1', port: target, agent: false };
      const onward = request({ ...to, method, path, headers }).on('error', () => {});
      res.once('close', () => onward.destroy());
      try {
        const [answer]: IncomingMessage[] = await once(onward.end(body), 'response');
        if (answer === undefined) throw new Error('no answer');
        res.writeHead(answer.statusCode ?? 502, { ...answer.headers, 'served-by': `${target}` });
        // A server that breaks off breaks off our answer, too.
        return await pipeline(answer, res);
      } catch (error) {
        // Only what certainly did not arrive may be sent once more.
        if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') return void res.destroy();
      }
    }
    res.writeHead(503, { 'retry-after': '1' }).end();
  }

  const server = createServer((req, res) => {
    forward(req, res).catch(() => res.destroy());
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    /** As a network does it: all connections of clients break. */
    cut: () => server.closeAllConnections(),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

if (process.argv[1] === import.meta.filename) {
  const [port, ...targets] = process.argv.slice(2).map(Number);
  const proxy = await startProxy(targets, port);
  console.log(`Listening on http://localhost:${proxy.port}`);
}
