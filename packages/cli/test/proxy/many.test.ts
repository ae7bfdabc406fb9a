// HOLDOPEN_PROXY_HOLDS=5000 npx vitest run packages/cli/test/proxy/many.test.ts
import type { ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startCommand } from './support/command.js';
import { serve } from './support/origin.js';
import { until } from './support/until.js';

const HOLDS = Number(process.env.HOLDOPEN_PROXY_HOLDS ?? 500);
/** Connections that are opened at a time. */
const BATCH = 250;

/** Each request is two connections in the proxy, and two in this process: its client and its target. */
function needDescriptors(count: number): void {
  const report = process.report.getReport() as unknown as {
    userLimits?: { open_files?: { hard?: number | string } };
  };
  const hard = report.userLimits?.open_files?.hard;
  const limit = typeof hard === 'number' ? hard : Number.POSITIVE_INFINITY;
  if (limit >= count) return;
  throw new Error(
    `${HOLDS} requests need ${count} open files in one process, and ${limit} are allowed: raise ulimit -Hn, or lower HOLDOPEN_PROXY_HOLDS.`,
  );
}

test(`${HOLDS} answers are held at the same time, and each client gets its own`, async () => {
  needDescriptors(2 * HOLDS + 200);
  const waiting: { readonly path: string; readonly res: ServerResponse }[] = [];
  const port = await serve((req, res) => void waiting.push({ path: req.url ?? '', res }));
  const proxy = await startCommand(
    ...['--target', `http://127.0.0.1:${port}`, '--route', '/v1/*', '--interval-ms', '500'],
    ...['--admin', '127.0.0.1:0', '--access-log', 'off'],
  );

  const answers: string[] = [];
  const sockets: Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  for (let index = 0; index < HOLDS; index += 1) {
    answers[index] = '';
    const socket = connect(proxy.port, '127.0.0.1');
    sockets.push(socket);
    socket.on('data', (chunk) => {
      answers[index] = (answers[index] ?? '') + chunk;
    });
    socket.on('error', () => {});
    socket.write(`GET /v1/${index} HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\n\r\n`);
    if (index % BATCH === 0) await until('the target has them', () => waiting.length >= index);
  }
  const held = (): number =>
    answers.filter((text) => text.includes('\r\n\r\n1\r\n\n\r\n1\r\n\n')).length;
  await until('all have had two beats', () => held() === HOLDS, held);
  const metrics = await (await fetch(`${proxy.adminUrl}/metrics`)).text();
  expect(metrics).toContain(`\nholdopen_proxy_holds ${HOLDS}\n`);

  for (const { path, res } of waiting) {
    res.setHeader('Content-Type', 'application/json');
    res.end(JSON.stringify({ path }));
  }
  const done = (): number => answers.filter((text) => text.endsWith('0\r\n\r\n')).length;
  await until('all are answered', () => done() === HOLDS, done);
  const wrong = answers.filter((text, index) => !text.includes(`{"path":"/v1/${index}"`));
  expect(wrong).toEqual([]);
  expect(await (await fetch(`${proxy.adminUrl}/metrics`)).text()).toContain(
    '\nholdopen_proxy_holds 0\n',
  );
}, 120_000);
