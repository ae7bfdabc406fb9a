import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { bun } from '../../../../test/runtimes.js';
import { type Served, serveHeld } from './support/serve.js';
import { held } from './support/wait.js';

/** A failure that was thrown, one that was answered, and one in the middle of a document. */
const FAILURES = ['thrown', 'answered', 'midway'] as const;

function serveFailing(how: (typeof FAILURES)[number], transport?: Served['transport']) {
  return serveHeld(
    async (req, res) => {
      await held(req);
      if (how === 'thrown') throw new Error('thrown');
      if (how === 'answered') {
        res.writeHead(422, { 'Content-Type': 'application/json' }).end('{"why":"answered"}');
        return;
      }
      res.write('{"why":"midw');
      throw new Error('midway');
    },
    { onLateOutcome() {} },
    transport,
  );
}

async function curl(served: Served, ...args: string[]): Promise<{ exit: unknown; out: string }> {
  const where = served.path === undefined ? [] : ['--unix-socket', served.path];
  const url = served.path === undefined ? served.url : 'http://localhost/';
  const child = spawn('curl', ['-sSk', '--max-time', '10', ...where, ...args, url]);
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  const [exit] = await once(child, 'close');
  return { exit, out };
}

describe.each(FAILURES)('a late failure that is %s', (how) => {
  test('makes fetch reject', async () => {
    const served = await serveFailing(how);
    const response = await fetch(served.url);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
    const again = await fetch(served.url);
    await expect(again.json()).rejects.toThrow();
  });

  test.each(['HTTP/1.1', 'TLS'] as const)('makes http.get over %s fail', async (transport) => {
    const served = await serveFailing(how, transport);
    const { get } = transport === 'TLS' ? https : http;
    const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve, reject) => {
      get(served.url, { rejectUnauthorized: false }, (response) => {
        response.resume();
        response.on('error', resolve);
        response.on('end', () => resolve(undefined));
      }).on('error', reject);
    });
    expect(error?.code).toBe('ECONNRESET');
  });

  test('makes curl fail, and shows a person what it was', async () => {
    const cases: [Served['transport'], string[], number[]][] = [
      ['HTTP/1.1', [], [18]],
      ['HTTP/1.0', ['--http1.0'], [56]],
      ['TLS', ['--http1.1'], [18, 56]],
      ['unix socket', [], [18]],
      ['h2c', ['--http2-prior-knowledge'], [92]],
      ['h2', ['--http2'], [92]],
    ];
    for (const [transport, args, exits] of cases) {
      const served = await serveFailing(how, transport);
      // What is read of an HTTP/2 stream is a matter of luck if its reset comes with its bytes.
      for (let i = 0; i < (transport === 'h2c' ? 10 : 1); i++) {
        const { exit, out } = await curl(served, ...args);
        expect(exits, transport).toContain(exit);
        if (how === 'answered') expect(out, transport).toContain('{"why":"answered"');
      }
    }
  });
});

test('Bun’s fetch reads a late failure to its last byte, and then fails', async () => {
  const served = await serveFailing('answered');
  const read = `
    for (let i = 0; i < 20; i += 1) {
      const response = await fetch(${JSON.stringify(served.url)});
      let text = '', end = 'complete';
      try {
        const decoder = new TextDecoder();
        for await (const bytes of response.body) text += decoder.decode(bytes, { stream: true });
      } catch { end = 'cut'; }
      console.log(text.trimStart().split('\\n').at(-1) + ' ' + end);
    }`;
  const child = spawn(bun(), ['-e', read], { stdio: ['ignore', 'pipe', 'inherit'] });
  expect([...new Set((await text(child.stdout)).trimEnd().split('\n'))]).toEqual([
    '{"why":"answered" cut',
  ]);
});

test('curl takes a held success for one', async () => {
  for (const [transport, ...args] of [
    ['HTTP/1.1'],
    ['HTTP/1.1', '--http1.0'],
    ['h2', '--http2'],
  ] as const) {
    const served = await serveHeld(
      async (req, res) => {
        await held(req);
        res.end('{"fine":true}');
      },
      {},
      transport,
    );
    const { exit, out } = await curl(served, ...args);
    expect(exit).toBe(0);
    expect(JSON.parse(out)).toEqual({ fine: true });
  }
});

test('fetch gives the JSON of a held success', async () => {
  const served = await serveHeld(async (req, res) => {
    await held(req);
    res.writeHead(201).end('{"fine":true}');
  });
  const response = await fetch(served.url);
  expect(await response.json()).toEqual({ fine: true });
});
