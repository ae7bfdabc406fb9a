import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { certificate } from '../../../node/test/held/support/certificate.js';
import { holdopen, startCommand } from './support/command.js';
import { serve } from './support/origin.js';
import { rawClient } from './support/raw-client.js';
import { until } from './support/until.js';

const GET = 'GET /v1/x HTTP/1.1\r\nHost: a\r\n\r\n';

describe('holdopen proxy', () => {
  test('holds what a file and the command line name, and ends when it has been told to and is done', async () => {
    let answer = (): void => {};
    const port = await serve((_req, res) => {
      res.setHeader('Content-Type', 'application/json');
      answer = () => void res.end('{"answer":42}');
    });
    const folder = mkdtempSync(join(tmpdir(), 'proxy-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'proxy.json');
    writeFileSync(
      file,
      JSON.stringify({
        target: `http://127.0.0.1:${port}`,
        routes: [{ route: 'GET /v1/*', intervalMs: 200 }],
        hold: { firstBeatMs: 50 },
        accessLog: 'json',
      }),
    );
    // A port alone is one of this machine.
    const running = await startCommand('--config', file, '--admin', '0');
    const admin = running.adminUrl;
    const client = await rawClient(running.port, GET);
    await client.arrived('HoldOpen: interval=200');
    expect((await fetch(`${admin}/readyz`)).status).toBe(200);
    running.child.kill('SIGTERM');
    await until('it is no longer ready', () => running.err().includes('draining'));
    expect((await fetch(`${admin}/readyz`)).status).toBe(503);
    answer();
    await client.arrived('0\r\n\r\n');
    await until('it ends', () => running.code() !== undefined);
    expect(running.code()).toBe(0);
    expect(JSON.parse(running.out())).toMatchObject({ route: '/v1/*', status: 200 });
  });

  test('ends at once when it is told twice', async () => {
    let isAsked = false;
    const port = await serve(() => {
      isAsked = true;
    });
    const running = await startCommand('--target', `http://127.0.0.1:${port}`, '--route', '/v1/*');
    const client = await rawClient(running.port, GET);
    await until('the target has it', () => isAsked);
    running.child.kill('SIGINT');
    await until('it drains', () => running.err().includes('draining'));
    running.child.kill('SIGINT');
    await until('it ends', () => running.code() !== undefined);
    expect(running.code()).toBe(1);
    await client.close();
  });

  test('ends what takes too long with a late 503', async () => {
    const port = await serve(() => {});
    const running = await startCommand(
      ...['--target', `http://127.0.0.1:${port}`, '--route', '/v1/*'],
      ...['--interval-ms', '100', '--drain-ms', '300'],
    );
    const client = await rawClient(running.port, GET);
    await client.arrived('HoldOpen');
    running.child.kill('SIGTERM');
    await client.close();
    expect(client.text).toContain('503');
    await until('it ends', () => running.code() !== undefined);
    expect(running.code()).toBe(0);
  });

  test('speaks TLS with a certificate from a file', async () => {
    const port = await serve((_req, res) => res.end());
    const folder = mkdtempSync(join(tmpdir(), 'proxy-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'cert.pem'), certificate.cert);
    writeFileSync(join(folder, 'key.pem'), certificate.key);
    const running = await startCommand(
      ...['--target', `http://127.0.0.1:${port}`, '--route', '/v1/*'],
      ...['--tls-cert', join(folder, 'cert.pem'), '--tls-key', join(folder, 'key.pem')],
    );
    expect(running.err()).toContain('https://127.0.0.1:');
  });

  test.each([
    ['no target', ['--route', '/v1/*'], '--target is missing'],
    ['nothing to hold', ['--target', 'http://a'], 'nothing would be held: name routes'],
    ['a target with a path', ['--target', 'http://a/b', '--route', '/'], 'give http://a alone'],
    [
      'a target of another scheme',
      ['--target', 'ftp://a', '--route', '/'],
      'no http or https origin',
    ],
    [
      'a target with a password',
      ['--target', 'http://u:p@a', '--route', '/'],
      'no user and password',
    ],
    [
      'a target that is the proxy itself',
      ['--target', 'http://localhost:8080', '--route', '/', '--listen', '0.0.0.0:8080'],
      'is where this proxy itself listens',
    ],
    ['a route without a path', ['--target', 'http://a', '--route', 'POST'], 'no method and path'],
    [
      'a method that is none',
      ['--target', 'http://a', '--route', 'PSOT /v1'],
      'PSOT, which is no method',
    ],
    ['a route with a query', ['--target', 'http://a', '--route', '/v1?x'], 'holds a query'],
    [
      'an interval that is too short',
      ['--target', 'http://a', '--route', '/', '--interval-ms', '5'],
      'intervalMs',
    ],
    [
      'an interval that is no number',
      ['--target', 'http://a', '--route', '/', '--interval-ms', '8s'],
      'whole number, such as 5000',
    ],
    [
      'an address that is none',
      ['--target', 'http://a', '--route', '/', '--listen', 'here'],
      'Write host:port',
    ],
    [
      'a key without a certificate',
      ['--target', 'http://a', '--route', '/', '--tls-key', 'k'],
      'give both',
    ],
    ['a file that is not there', ['--config', 'nowhere.json'], 'there is no such file'],
    ['an option that does not exist', ['--tagret', 'http://a'], 'Did you mean --target'],
    [
      'an access log of another kind',
      ['--target', 'http://a', '--access-log', 'xml'],
      'Allowed choices are json, text, off',
    ],
  ])('says what to do about %s, and ends with 2', async (_what, args, message) => {
    const running = holdopen(...args);
    await until('it ends', () => running.code() !== undefined);
    expect(running.err()).toContain(message);
    expect(running.code()).toBe(2);
    expect(running.out()).toBe('');
  });

  test.each([
    ['an unknown option', '{"target":"http://a","rotues":[]}', 'there is no option "rotues"'],
    [
      'an option of holdOpen in the wrong place',
      '{"target":"http://a","intervalMs":5000,"routes":["/"]}',
      'stand in "hold"',
    ],
    ['what is not JSON', '{target}', 'is not JSON'],
    [
      'a wrong number',
      '{"target":"http://a","routes":["/"],"drainMs":"10"}',
      'drainMs must be a whole number',
    ],
    ['routes that are no list', '{"target":"http://a","routes":"/a"}', 'routes must be a list'],
    ['a route without a name', '{"target":"http://a","routes":[{}]}', 'routes must be a list'],
    ['a port alone', '{"target":"http://a","routes":["/"],"admin":9090}', 'admin must be text'],
    [
      'a hold that is no object',
      '{"target":"http://a","routes":["/"],"hold":null}',
      'hold must be an object',
    ],
    [
      'a certificate that is none',
      '{"target":"http://a","routes":["/"],"tls":{"cert":"proxy.json","key":"proxy.json"}}',
      'tls: cert must be PEM',
    ],
    [
      'an authority that is none',
      '{"target":"https://a","routes":["/"],"upstreamCa":"proxy.json"}',
      'upstreamCa must be PEM',
    ],
  ])('says what to do about a file with %s', async (_what, text, message) => {
    const folder = mkdtempSync(join(tmpdir(), 'proxy-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'proxy.json'), text);
    const running = holdopen('--config', join(folder, 'proxy.json'));
    await until('it ends', () => running.code() !== undefined);
    expect(running.err()).toContain(message);
    expect(running.code()).toBe(2);
  });

  test('goes on serving when nobody reads its log any more', async () => {
    const port = await serve((_req, res) => res.end('here'));
    const running = await startCommand('--target', `http://127.0.0.1:${port}`, '--route', '/v1/*');
    running.child.stdout?.destroy();
    running.child.stderr?.destroy();
    for (let i = 0; i < 5; i += 1) {
      const answer = await fetch(`http://127.0.0.1:${running.port}/v1/x`);
      expect(await answer.text()).toBe('here');
    }
    running.child.kill('SIGTERM');
    await until('it ends', () => running.child.exitCode !== null);
    expect(running.child.exitCode).toBe(0);
  });

  test('says so if its port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const running = holdopen(
      '--target',
      'http://a',
      '--route',
      '/',
      '--listen',
      `127.0.0.1:${port}`,
    );
    await until('it ends', () => running.code() !== undefined);
    expect(running.err()).toContain('another program does. Give another port');
    expect(running.code()).toBe(2);
  });
});
