import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { startProxy } from './support/proxy.js';
import { startGo, startPython } from './support/servers.js';

const SILENCE_S = 3;
const IDLE_MS = 1_000;
const OPTIONS = { routes: ['/v1/*'], hold: { intervalMs: 300 } } as const;

/** What a client gets that gives up when nothing has come for a while. */
function impatient(port: number, method: string, path: string): Promise<string> {
  return new Promise((resolve) => {
    const req = request({ port, host: '127.0.0.1', path, method, agent: false, timeout: IDLE_MS });
    let text = '';
    req.on('timeout', () => {
      req.destroy();
      resolve('gave up');
    });
    req.on('error', (error) => resolve(error.message));
    req.on('response', (res) => {
      res.on('data', (chunk) => {
        text += chunk;
      });
      res.on('error', () => {});
      res.on('end', () => resolve(text));
    });
    req.end(method === 'POST' ? 'hello' : undefined);
  });
}

describe('a client that gives up after a second of silence', () => {
  test.each([
    ['Python', startPython],
    ['Go', startGo],
  ])(
    'gets the JSON of a server in %s through the sidecar, and not without it',
    async (_language, start) => {
      const port = await start(SILENCE_S);
      const proxy = await startProxy(port, OPTIONS);
      const [withIt, withoutIt] = await Promise.all([
        impatient(proxy.port, 'POST', '/v1/slow'),
        impatient(port, 'POST', '/v1/slow'),
      ]);
      expect(withoutIt).toBe('gave up');
      expect(JSON.parse(withIt)).toEqual({ answer: 42, asked: 'hello' });
      expect(withIt).toMatch(/^\n+\{/);
    },
  );

  test('gets the events of a server in Python, too', async () => {
    const port = await startPython(SILENCE_S);
    const proxy = await startProxy(port, OPTIONS);
    const [withIt, withoutIt] = await Promise.all([
      impatient(proxy.port, 'GET', '/v1/events'),
      impatient(port, 'GET', '/v1/events'),
    ]);
    expect(withoutIt).toBe('gave up');
    expect(withIt).toMatch(/^data: first\n\n(: [^\n]*\n\n)+data: last\n\n$/);
  });
});
