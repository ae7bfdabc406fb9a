// A proxy in a process of its own: `proxy-server.ts <kind> <port of the origin>`.
import { once } from 'node:events';
import { Agent, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createProxy } from 'holdopen';
import httpProxy from 'http-proxy';
import { answer } from '../child.js';
import { cpuUs } from '../cpu.js';

export type ProxyKind = 'holdopen' | 'holdopen, not held' | 'http-proxy';

async function start(kind: ProxyKind, target: string): Promise<number> {
  if (kind === 'holdopen' || kind === 'holdopen, not held') {
    const routes = [kind === 'holdopen' ? '/*' : '/nothing'];
    const proxy = await createProxy({ target, listen: '127.0.0.1:0', routes });
    return Number(new URL(proxy.url).port);
  }
  // Without an agent of its own it opens a connection for each request, and closes its client's.
  const agent = new Agent({ keepAlive: true });
  const proxy = httpProxy.createProxyServer({ target, xfwd: true, agent });
  const server = createServer((req, res) => proxy.web(req, res));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const [kind, originPort] = process.argv.slice(2);
const port = await start(kind as ProxyKind, `http://127.0.0.1:${originPort}`);
const commands = { port: () => port, cpuUs };
export type ProxyServer = typeof commands;
answer(commands);
