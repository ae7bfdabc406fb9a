import { expect, test } from 'vitest';
import { readHeldJson } from '../../../test/support/held-json.js';
import { connect } from '../../../test/support/raw-client.js';
import { holdsJson } from './support/json-route.js';
import { recipe } from './support/program.js';

// @effect/platform-node asks for Node 22.19 or newer.
const opencode = recipe('src/effect-session.ts', { runtime: 'newest Node' });
const path = '/session/ses_demo/message';
const prompt = (text: string) => ({ parts: [{ type: 'text', text }] });

test.concurrent('a late failure is the 400 that HttpApi made, and cut', async () => {
  const client = await connect(Number(new URL(opencode.held.url).port));
  const body = JSON.stringify(prompt('fail'));
  client.send(
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  );
  const response = await client.response('POST');
  expect(response.complete).toBe(false);
  const { lateHead, payload } = readHeldJson(response.bytes.toString());
  expect(lateHead?.status).toBe(400);
  expect(JSON.parse(`${payload}}`)).toEqual({
    _tag: 'BadRequest',
    message: 'the provider has no credit left',
  });
});

holdsJson(opencode, {
  path,
  work: prompt('hello'),
  answer: {
    info: { sessionID: 'ses_demo', role: 'assistant' },
    parts: [{ type: 'text', text: 'You said: hello' }],
  },
  failing: prompt('fail'),
  refused: [
    { path: '/session/ses_none/message', body: prompt('hello'), status: 404 },
    { body: { parts: 'hello' }, status: 400 },
  ],
});
