import { describe, expect, test } from 'vitest';
import { ask, type Question, type Reply } from '../../node/test/held/support/ask.js';
import { readHeldJson } from '../../node/test/held/support/payload.js';
import { until } from '../../node/test/held/support/wait.js';
import { registry } from '../src/index.js';
import { documentedApps } from './apps/index.js';
import { held } from './support/held.js';
import { serve, serveHeld } from './support/serve.js';

const isHoldable = ({ method }: Pick<Question, 'method'>): boolean =>
  method !== 'HEAD' && method !== 'OPTIONS';
/** What has no type counts by its first bytes. */
const isJson = ({ headers, body }: Reply): boolean =>
  /^application\/json\b/.test(
    headers['content-type'] ?? (/^["[{]/.test(body) ? 'application/json' : ''),
  );
const isEvents = ({ headers }: Reply): boolean =>
  /^text\/event-stream\b/.test(headers['content-type'] ?? '');

/** What a held reply must say, when `plain` is the reply without holdopen. */
function expectSameOutcome(reply: Reply, plain: Reply): void {
  expect(reply.status).toBe(200);
  if (isEvents(plain)) {
    expect(reply.body.replace(/^\n+/, '')).toBe(plain.body);
    return;
  }
  const { beats, lateHead, payload } = readHeldJson(reply.body);
  expect(beats).toBeGreaterThan(0);
  if (plain.status < 300 && (isJson(plain) || plain.body === '')) {
    expect(reply.ended).toBe('complete');
    expect(lateHead?.status ?? 200).toBe(plain.status);
    // 200 with a Content-Type of JSON and nothing after it is what the application says.
    expect(payload).toBe(plain.body === '' ? 'null' : plain.body);
    return;
  }
  expect(reply.ended).toBe('cut');
  const failure = JSON.parse(`${payload}}`);
  if (plain.status < 300) {
    expect(failure).toMatchObject({ code: 'wrong_type', completion_status: 500 });
    return;
  }
  expect(lateHead?.status).toBe(plain.status);
  if (isJsonObject(plain)) expect(failure).toEqual(JSON.parse(plain.body));
  else expect(failure).toMatchObject({ completion_status: plain.status });
}

/** Where there is no body, the end of the connection is the end of the reply. */
function closing(question: Question, more: Question['headers'] = {}): Question {
  return { ...question, headers: { ...question.headers, ...more, Connection: 'close' } };
}

/** The Date of two replies may differ, nothing else. */
function withoutDate(reply: Reply): unknown {
  const { date, ...headers } = reply.headers;
  return { ...reply, headers, head: reply.head.replace(/^date: .*$/im, '') };
}

function isJsonObject(plain: Reply): boolean {
  return isJson(plain) && plain.status >= 400 && plain.body.startsWith('{');
}

describe('an application of Fastify’s documentation says after the commit what it says before', () => {
  test.each(documentedApps.map((app) => [app.title, app] as const))('%s', async (_title, app) => {
    const withoutHold = await serve(app.build, 'HTTP/1.1', app.options);
    const withHold = await serveHeld(
      async (instance) => {
        // Whatever the application does, it does it late.
        instance.addHook('onRequest', async (request) => {
          if (isHoldable(request)) await held(request);
        });
        await app.build(instance);
      },
      { firstBeatMs: 0, onLateOutcome() {} },
      'HTTP/1.1',
      app.options,
    );
    let heldReplies = 0;
    for (const question of app.asks) {
      // What is held is never encoded.
      const plain = await ask(withoutHold, closing(question, { 'Accept-Encoding': 'identity' }));
      const reply = await ask(withHold, closing(question));
      if ('holdopen' in reply.headers) {
        heldReplies += 1;
        expectSameOutcome(reply, plain);
      } else {
        expect(withoutDate(reply)).toEqual(withoutDate(plain));
      }
    }
    if (app.unwatched !== true && app.asks.some(isHoldable)) {
      expect(heldReplies).toBeGreaterThan(0);
    }
    await until('nothing is held any more', () => registry.size === 0);
  });
});
