import { describe, expect, test } from 'vitest';
import { ask } from '../../node/test/held/support/ask.js';
import { anyPrefixParses, readHeldJson } from '../../node/test/held/support/payload.js';
import { until } from '../../node/test/held/support/wait.js';
import type { LateOutcome } from '../src/index.js';
import { held } from './support/held.js';
import { HTTP_VERSIONS, serveHeld } from './support/serve.js';

describe.each(HTTP_VERSIONS)('over %s', (version) => {
  async function late(path: string) {
    const outcomes: LateOutcome[] = [];
    const statuses: number[] = [];
    const served = await serveHeld(
      (app) => {
        app.addHook('onRequest', async (request) => held(request));
        app.addHook('onResponse', async (_request, reply) => void statuses.push(reply.statusCode));
        app.get('/created', async (_request, reply) => {
          reply.code(201).header('location', '/7').header('x-unlisted', '1');
          return { id: 7 };
        });
        app.get('/no-content', (_request, reply) => reply.code(204).send());
        app.get('/see-other', (_request, reply) => reply.redirect('/elsewhere', 303));
        app.get('/unprocessable', async (_request, reply) => {
          reply.code(422);
          return { why: 'late' };
        });
        app.get('/thrown', async () => {
          throw Object.assign(new Error('busy'), { statusCode: 409, code: 'BUSY' });
        });
      },
      { onLateOutcome: (outcome) => void outcomes.push(outcome) },
      version,
    );
    const reply = await ask(served, { path });
    await until('the application has been told', () => statuses.length === 1);
    return { reply, body: readHeldJson(reply.body), outcomes, status: statuses[0] };
  }

  test('a late 201 has its Location in the late head', async () => {
    const { reply, body, outcomes, status } = await late('/created');
    expect(reply).toMatchObject({ status: 200, ended: 'complete' });
    expect(body.lateHead).toEqual({ status: 201, headers: [['location', '/7']] });
    expect(body.payload).toBe('{"id":7}');
    expect(outcomes).toMatchObject([{ ok: true, status: 201 }]);
    expect(status).toBe(201);
  });

  test('a late 204 is null', async () => {
    const { reply, body, status } = await late('/no-content');
    expect(reply.ended).toBe('complete');
    expect(body).toMatchObject({ lateHead: { status: 204 }, payload: 'null' });
    expect(status).toBe(204);
  });

  test('a late redirect cannot be followed, so it is a failure that says where to', async () => {
    const { reply, body, outcomes, status } = await late('/see-other');
    expect(reply.ended).toBe('cut');
    expect(body.lateHead).toEqual({ status: 303, headers: [['location', '/elsewhere']] });
    expect(outcomes).toMatchObject([{ ok: false, status: 303, code: 'late_redirect' }]);
    expect(status).toBe(303);
  });

  test.each([
    ['/unprocessable', 422, { why: 'late' }],
    ['/thrown', 409, { statusCode: 409, code: 'BUSY', error: 'Conflict', message: 'busy' }],
  ])(
    'what %s answers late can be read and not be taken for a success',
    async (path, status, value) => {
      const { reply, body, outcomes, status: seen } = await late(path);
      expect(reply.ended).toBe('cut');
      expect(body.lateHead?.status).toBe(status);
      expect(JSON.parse(`${body.payload}}`)).toEqual(value);
      expect(anyPrefixParses(reply.body)).toBe(false);
      expect(outcomes).toMatchObject([{ ok: false, status, code: 'error_status', body: value }]);
      expect(seen).toBe(status);
    },
  );
});
