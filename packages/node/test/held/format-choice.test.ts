import { Buffer } from 'node:buffer';
import http from 'node:http';
import { describe, expect, test, vi } from 'vitest';
import {
  type BeatFormat,
  holdOpen,
  type LateOutcome,
  type NodeHoldOpenOptions,
} from '../../src/index.js';
import { ask } from './support/ask.js';
import { type Handler, QUICK, serve, serveHeld } from './support/serve.js';
import { held, quiet, until } from './support/wait.js';
import { warnings } from './support/warnings.js';

const SILENT_MS = 150;

/** Answers with JSON when two beats could have gone out. */
const slowJson: Handler = async (_req, res) => {
  await quiet(SILENT_MS);
  res.writeHead(200, { 'Content-Type': 'application/json' });
  res.end('{"a":1}');
};

function serveGlobally(handler: Handler, options: NodeHoldOpenOptions = {}) {
  const middleware = holdOpen({ ...QUICK, ...options });
  return serve((req, res) => middleware(req, res, () => void handler(req, res)));
}

async function formatFor(accept: string | undefined, mount: 'route' | 'global') {
  const served = mount === 'route' ? await serveHeld(slowJson) : await serveGlobally(slowJson);
  const headers = accept === undefined ? {} : { Accept: accept };
  const reply = await ask(served, { headers });
  return /format=(.*)$/.exec(reply.headers.holdopen ?? '')?.[1];
}

describe('what Accept opens', () => {
  test.each([
    [undefined, 'json', undefined],
    ['*/*', 'json', undefined],
    ['application/json', 'json', 'json'],
    ['application/json;q=0.9, application/problem+json', 'json', 'json'],
    ['application/json, text/plain, */*', 'json', undefined],
    ['text/html', undefined, undefined],
    ['application/json;q=0', undefined, undefined],
    ['application/json, text/html;q=0', 'json', 'json'],
    ['text/event-stream', 'sse', 'sse'],
    ['application/json, text/event-stream', 'sse', 'sse'],
    ['text/event-stream;q=0, application/json', 'json', 'json'],
    ['application/pdf', undefined, undefined],
  ])('Accept: %s is %s on a route and %s globally', async (accept, route, global) => {
    expect(await formatFor(accept, 'route')).toBe(route);
    expect(await formatFor(accept, 'global')).toBe(global);
  });
});

test('globally a type that the handler has set decides, whatever is accepted', async () => {
  const served = await serveGlobally(async (_req, res) => {
    res.setHeader('Content-Type', 'application/hal+json');
    await quiet(SILENT_MS);
    res.end('{}');
  });
  const reply = await ask(served, { headers: { Accept: '*/*' } });
  expect(reply.headers).toMatchObject({
    'content-type': 'application/hal+json',
    holdopen: 'interval=60, format=json',
  });
});

test('a type that carries no beats is never held', async () => {
  const served = await serveHeld(async (_req, res) => {
    res.setHeader('Content-Type', 'application/pdf');
    await quiet(SILENT_MS);
    res.end('%PDF');
  });
  const reply = await ask(served, { headers: { Accept: 'application/json' } });
  expect(reply.headers).toMatchObject({ 'content-length': '4' });
  expect(reply.headers).not.toHaveProperty('holdopen');
});

test('a slow response that was not held is warned of once for the route, with the cure', async () => {
  const warned = warnings('HOLDOPEN_UNTOUCHED');
  const served = await serveGlobally(slowJson);
  for (const path of ['/a', '/a', '/b']) await ask(served, { path });
  await until('both routes are warned of', () => warned.length >= 2);
  expect(warned.map(({ message }) => message)).toEqual([
    expect.stringMatching(/GET \/a .*format: 'json'/),
    expect.stringContaining('GET /b '),
  ]);
});

test.each(['HEAD', 'OPTIONS'])('%s is never held', async (method) => {
  const served = await serveHeld(slowJson);
  const reply = await ask(served, { method, headers: { Connection: 'close' } });
  expect(reply.headers).not.toHaveProperty('holdopen');
});

const BOTH = { Accept: 'application/json, text/event-stream' };

describe('a client that takes both JSON and events', () => {
  test.each(['HTTP/1.1', 'h2c'] as const)(
    'gets JSON as one message event, over %s',
    async (transport) => {
      const served = await serveHeld(
        async (req, res) => {
          await held(req);
          await quiet(SILENT_MS);
          res.writeHead(200, { 'Content-Type': 'application/json' });
          res.write('{"a":\r\n');
          res.end(' "ü"\n}\n');
        },
        {},
        transport,
      );
      const reply = await ask(served, { method: 'POST', headers: BOTH, body: '{}' });
      expect(reply.headers).toMatchObject({
        'content-type': 'text/event-stream',
        holdopen: 'interval=60, format=sse',
      });
      expect(reply.ended).toBe('complete');
      const [beats, message] = split(reply.body);
      expect(beats).toMatch(/^(: keepalive\n\n)+$/);
      expect(message).toMatch(/^data: .*\n(data: .*\n)*\n$/);
      expect(JSON.parse(message.replaceAll(/^data: /gm, ''))).toEqual({ a: 'ü' });
    },
  );

  test('gets an error’s JSON as a message event too, with its status in a comment', async () => {
    const outcomes: LateOutcome[] = [];
    const served = await serveHeld(
      async (req, res) => {
        await held(req);
        res.writeHead(422, { 'Content-Type': 'application/json', 'Retry-After': '5' });
        res.end('{"jsonrpc":"2.0"}');
      },
      { onLateOutcome: (outcome) => outcomes.push(outcome) },
    );
    const reply = await ask(served, { headers: BOTH });
    expect(reply.ended).toBe('complete');
    expect(split(reply.body)[1]).toBe(
      ': holdopen status=422, retry-after="5"\n\ndata: {"jsonrpc":"2.0"}\n\n',
    );
    expect(outcomes).toMatchObject([{ ok: false, status: 422 }]);
  });

  test('gets an event stream as it is', async () => {
    const served = await serveHeld(async (req, res) => {
      await held(req);
      res.writeHead(200, { 'Content-Type': 'text/event-stream' });
      res.write('\ufeffdata: 1\n\n');
      await quiet(SILENT_MS);
      res.end('data: 2\n\n');
    });
    const reply = await ask(served, { headers: BOTH });
    expect(reply.body).toMatch(/^(: keepalive\n\n)+data: 1\n\n(: keepalive\n\n)+data: 2\n\n$/);
  });

  test('gets a thrown error as an error event, and no second try for a day', async () => {
    const served = await serveHeld(
      async (req) => {
        await held(req);
        throw new Error('late');
      },
      { onLateOutcome() {} },
    );
    const reply = await ask(served, { headers: BOTH });
    expect(reply.ended).toBe('complete');
    expect(split(reply.body)[1]).toMatch(
      /^: holdopen status=500\n\nevent: error\nretry: 86400000\ndata: \{.*\}\n\n$/,
    );
  });

  test('gets nothing but a comment for an empty success', async () => {
    const served = await serveHeld(async (req, res) => {
      await held(req);
      res.writeHead(202).end();
    });
    const reply = await ask(served, { headers: BOTH });
    expect(reply.ended).toBe('complete');
    expect(split(reply.body)[1]).toBe(': holdopen status=202\n\n');
  });
});

/** Beats, and what comes behind them. */
function split(body: string): [beats: string, rest: string] {
  const [beats = ''] = /^(: keepalive\n\n)*/.exec(body) ?? [];
  return [beats, body.slice(beats.length)];
}

test('a client that named events only gets JSON the same way', async () => {
  const served = await serveHeld(slowJson);
  const reply = await ask(served, { headers: { Accept: 'text/event-stream' } });
  expect(split(reply.body)[1]).toBe('data: {"a":1}\n\n');
});

describe('an event stream under a JSON head', () => {
  test('passes, the hold becomes SSE, and it is warned of once', async () => {
    const warned = warnings('HOLDOPEN_FORMAT_SWITCH');
    const served = await serveHeld(async (req, res) => {
      await held(req);
      res.writeHead(200, { 'Content-Type': 'text/event-stream' });
      res.write('data: 1\n');
      await quiet(SILENT_MS);
      res.write('\n');
      await quiet(SILENT_MS);
      res.end('data: [DONE]\n\n');
    });
    for (let i = 0; i < 2; i++) {
      const reply = await ask(served, { path: '/llm' });
      expect(reply.headers['content-type']).toBe('application/json');
      expect(reply.ended).toBe('complete');
      expect(reply.body).toMatch(/^\n+data: 1\n(:\n)+\n(: keepalive\n\n)+data: \[DONE\]\n\n$/);
    }
    expect(warned.map(({ message }) => message)).toEqual([
      expect.stringMatching(/GET \/llm .*format: \(request\) =>/),
    ]);
  });

  test('that is an error is a failure to whoever counts them', async () => {
    const outcomes: LateOutcome[] = [];
    const served = await serveHeld(
      async (req, res) => {
        await held(req);
        res.writeHead(500, { 'Content-Type': 'text/event-stream' });
        res.end('event: error\ndata: {}\n\n');
      },
      { onLateOutcome: (outcome) => outcomes.push(outcome) },
    );
    const { body } = await ask(served);
    expect(body).toContain(': holdopen status=500\n\n');
    expect(outcomes).toMatchObject([{ ok: false, status: 500 }]);
  });
});

describe('the option format', () => {
  test('as a function of the request says it for each', async () => {
    const served = await serveHeld(slowJson, {
      format: (req) => (req.url === '/events' ? 'sse' : 'auto'),
    });
    const events = await ask(served, { path: '/events' });
    const json = await ask(served, { path: '/json' });
    expect([events.headers.holdopen, json.headers.holdopen]).toEqual([
      'interval=60, format=sse',
      'interval=60, format=json',
    ]);
  });

  test('makes a global mount hold what accepts everything', async () => {
    const served = await serveGlobally(slowJson, { format: 'json' });
    const reply = await ask(served, { headers: { Accept: '*/*' } });
    expect(reply.headers.holdopen).toBe('interval=60, format=json');
  });

  test.each([
    ['ndjson', 'application/x-ndjson', '{"a":1}\n{"b":2}\n', /^ +\{"a":1\}\n\{"b":2\}\n$/],
    ['json-seq', 'application/json-seq', '\u001e{"a":1}\n', /^#+\{"a":1\}\n$/],
  ] as const)('%s holds records', async (format, type, body, expected) => {
    const served = await serveHeld(
      async (req, res) => {
        await held(req);
        res.writeHead(200, { 'Content-Type': type });
        res.end(body);
      },
      { format },
    );
    const reply = await ask(served);
    expect(reply.headers).toMatchObject({
      'content-type': type,
      holdopen: `interval=60, format=${format}`,
    });
    expect(reply.body.replaceAll('\u001e', '#')).toMatch(expected);
  });

  test('as a function that throws leaves the response as it is, and is reported', async () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {});
    const served = await serveHeld(slowJson, {
      format() {
        throw new Error('in format');
      },
    });
    const reply = await ask(served);
    expect(reply.body).toBe('{"a":1}');
    expect(reply.headers).not.toHaveProperty('holdopen');
    expect(report).toHaveBeenCalledOnce();
    report.mockRestore();
  });
});

const XML: BeatFormat = {
  name: 'xml',
  contentType: 'application/xml',
  matches: (mediaType) => mediaType === 'application/xml',
  createTracker() {
    let text = '';
    return {
      push(chunk) {
        text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
      },
      place: () => (text === '' ? 'boundary' : text.endsWith('>') ? 'inside' : 'closed'),
    };
  },
  beat: (place) => (place === 'inside' ? Buffer.from('<!---->') : undefined),
};

describe('a format of the user’s own', () => {
  test('beats where it says and passes its type', async () => {
    const served = await serveHeld(
      async (_req, res) => {
        res.writeHead(200, { 'Content-Type': 'application/xml' });
        res.write('<a>te');
        await quiet(SILENT_MS);
        res.write('xt<b/>');
        await quiet(SILENT_MS);
        res.end('</a>');
      },
      { format: XML },
    );
    expect((await ask(served)).body).toMatch(/^<a>text<b\/>(<!---->)+<\/a>$/);
  });

  test('is announced and cut when its handler fails', async () => {
    const served = await serveHeld(
      async (req) => {
        await held(req);
        throw new Error('late');
      },
      { format: XML, onLateOutcome() {} },
    );
    const reply = await ask(served);
    expect(reply.headers).toMatchObject({
      'content-type': 'application/xml',
      holdopen: 'interval=60, format=xml',
    });
    expect(reply.ended).toBe('cut');
  });
});

test('HEAD of a held route gets an empty body from Node as ever', async () => {
  const served = await serveHeld(slowJson);
  const status = await new Promise((resolve, reject) => {
    http
      .request(served.url, { method: 'HEAD' }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode));
      })
      .on('error', reject)
      .end();
  });
  expect(status).toBe(200);
});

describe('a format function', () => {
  test('that throws leaves a quick stream alone', async () => {
    const served = await serveHeld(
      (_req, res) => {
        res.setHeader('Content-Type', 'text/event-stream');
        res.write('data: x\n\n');
        res.end('data: y\n\n');
      },
      {
        format() {
          throw new Error('no format');
        },
      },
    );
    const reply = await ask(served);
    expect(reply.ended).toBe('complete');
    expect(reply.body).toBe('data: x\n\ndata: y\n\n');
  });

  test('that gives nothing leaves it to the rules', async () => {
    const served = await serveHeld(
      async (req, res) => {
        await held(req);
        res.end('{}');
      },
      { format: (req) => (req.url === '/sse' ? 'sse' : undefined) },
    );
    expect((await ask(served)).headers.holdopen).toContain('format=json');
  });
});
