import { describe, expect, test } from 'vitest';
import { ask } from '../../node/test/held/support/ask.js';
import { until } from '../../node/test/held/support/wait.js';
import type { FastifyHoldOpenOptions } from '../src/index.js';
import { held } from './support/held.js';
import { HTTP_VERSIONS, serveHeld } from './support/serve.js';

describe.each(HTTP_VERSIONS)('over %s functions among the options', (version) => {
  test('are given Fastify’s request, of the plugin and of a route', async () => {
    const given: Record<string, unknown[]> = {};
    const options = (prefix: string): FastifyHoldOpenOptions => {
      const note = (name: string, id: unknown): void => {
        given[prefix + name] = [...new Set([...(given[prefix + name] ?? []), id])];
      };
      return {
        format: ({ params, id }) => {
          note('format', id);
          return (params as { format: 'json' | 'sse' }).format;
        },
        onBeat: (_hold, { id }) => note('onBeat', id),
        onLateOutcome: (_outcome, { id }) => note('onLateOutcome', id),
        lateError: (_outcome, { id }) => {
          note('lateError', id);
          return { id };
        },
      };
    };
    const served = await serveHeld(
      (app) => {
        app.get('/plugin/:format', async (request) => {
          await held(request);
          throw new Error('no');
        });
        app.get('/route/:format', { config: { holdOpen: options('route ') } }, async (request) => {
          await held(request);
          throw new Error('no');
        });
      },
      options('plugin '),
      version,
    );
    const first = await ask(served, { path: '/plugin/sse' });
    expect(first.headers.holdopen).toBe('interval=60, format=sse');
    const second = await ask(served, { path: '/route/json' });
    expect(second.headers.holdopen).toBe('interval=60, format=json');
    expect(JSON.parse(second.body)).toEqual({ id: 'req-2' });
    await until('all was told', () => 'route onLateOutcome' in given);
    expect(given).toMatchObject({
      'plugin format': ['req-1'],
      'plugin onBeat': ['req-1'],
      'plugin onLateOutcome': ['req-1'],
      'route format': ['req-2'],
      'route onBeat': ['req-2'],
      'route onLateOutcome': ['req-2'],
      'route lateError': ['req-2'],
    });
  });
});
