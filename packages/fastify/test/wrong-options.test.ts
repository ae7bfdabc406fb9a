import { describe, expect, test } from 'vitest';
import { HoldOpenError, holdOpen } from '../src/index.js';
import { createApp, QUICK } from './support/serve.js';

async function failure(promised: PromiseLike<unknown>): Promise<HoldOpenError> {
  const error: unknown = await promised.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof HoldOpenError) return error;
  throw new Error(`no HoldOpenError but ${String(error)}`);
}

function thrown(callback: () => unknown): HoldOpenError {
  try {
    callback();
  } catch (error) {
    if (error instanceof HoldOpenError) return error;
  }
  throw new Error('no HoldOpenError was thrown');
}

describe('wrong options of the plugin', () => {
  test.each([
    [{ intervalMs: 8 }, 'HOLDOPEN_INVALID_OPTION', /If you meant seconds, write 8000/],
    [{ interval: 8_000 }, 'HOLDOPEN_UNKNOWN_OPTION', /Did you mean intervalMs/],
    [{ global: 'no' }, 'HOLDOPEN_INVALID_OPTION', /global must be true, or false .* "no"/],
    [{ onBeat: 5 }, 'HOLDOPEN_INVALID_OPTION', /onBeat must be a function; it was 5/],
    [{ maxSilenceMs: 100 }, 'HOLDOPEN_CONFLICTING_OPTIONS', /Raise maxSilenceMs/],
    [5, 'HOLDOPEN_INVALID_OPTION', /options of holdOpen must be an object, .* it was 5/],
    [['/v1'], 'HOLDOPEN_INVALID_OPTION', /must be an object, .* it was an array/],
  ])('%o makes register reject with the fix', async (options, code, message) => {
    const error = await failure(createApp().register(holdOpen, options as object));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  test('what Fastify itself puts next to them is no option', async () => {
    const app = createApp();
    await app.register(holdOpen, { ...QUICK, prefix: '/v1', logLevel: 'warn' });
    expect(app.hasPlugin('@holdopen/fastify')).toBe(true);
  });

  test('registered twice on one instance it says where the second one belongs', async () => {
    const app = createApp();
    await app.register(holdOpen, QUICK);
    const error = await failure(app.register(holdOpen, QUICK));
    expect(error.code).toBe('HOLDOPEN_WRONG_MOUNT');
    expect(error.message).toContain('inside a plugin that has a context of its own');
  });
});

describe('mounted as middleware is elsewhere', () => {
  const uncalled = holdOpen as unknown as (...given: unknown[]) => Promise<never>;

  test.each([
    ['register(holdOpen())', () => createApp().register(uncalled())],
    ['holdOpen as a hook', () => uncalled({ raw: {} }, {}, () => {})],
  ])('%s is told to be a plugin', async (_how, mount) => {
    const error = await failure(mount());
    expect(error.code).toBe('HOLDOPEN_WRONG_MOUNT');
    expect(error.message).toContain('await app.register(holdOpen, { global: false })');
  });

  test('options beside the config of a route are told where they belong', async () => {
    const app = createApp();
    await app.register(holdOpen, { global: false });
    const route = { holdOpen: { intervalMs: 5_000 } } as object;
    const error = thrown(() => app.post('/reports', route, async () => ({})));
    expect(error.code).toBe('HOLDOPEN_WRONG_MOUNT');
    expect(error.message).toBe(
      'POST /reports: holdOpen stands beside config, where it counts for nothing. Write config: { holdOpen: … }.',
    );
  });
});

describe('wrong options of a route', () => {
  test.each([
    [{ intervalMs: '8s' }, 'HOLDOPEN_INVALID_OPTION', 'intervalMs'],
    [{ global: false }, 'HOLDOPEN_UNKNOWN_OPTION', 'global'],
    [{ firstBeatMs: 100, maxSilenceMs: 60 }, 'HOLDOPEN_CONFLICTING_OPTIONS', 'maxSilenceMs'],
    ['yes', 'HOLDOPEN_INVALID_OPTION', undefined],
    [null, 'HOLDOPEN_INVALID_OPTION', undefined],
    [[], 'HOLDOPEN_INVALID_OPTION', undefined],
    [() => {}, 'HOLDOPEN_INVALID_OPTION', undefined],
  ])('%o throws when the route is registered, and names it', async (given, code, option) => {
    const app = createApp();
    await app.register(holdOpen, QUICK);
    const error = thrown(() =>
      app.post('/reports/:id', { config: { holdOpen: given as never } }, async () => ({})),
    );
    expect(error).toMatchObject({ code, option });
    expect(error.message).toMatch(/^POST \/reports\/:id, config\.holdOpen: /);
    expect(error.cause).toBeInstanceOf(HoldOpenError);
  });

  test('they contradict the plugin’s own only where both count', async () => {
    const app = createApp();
    await app.register(holdOpen, { firstBeatMs: 5_000 });
    const short = { config: { holdOpen: { maxSilenceMs: 1_000 } } };
    const error = thrown(() => app.get('/', short, async () => ({})));
    expect(error.code).toBe('HOLDOPEN_CONFLICTING_OPTIONS');
    await app.register(async (child) => {
      await child.register(holdOpen, QUICK);
      child.get('/inner', short, async () => ({}));
    });
    await app.ready();
  });

  test('a prefix is part of the name', async () => {
    const app = createApp();
    await app.register(holdOpen, QUICK);
    app.register(
      async (child) => {
        child.get('/slow', { config: { holdOpen: { pad: -1 } } }, async () => ({}));
      },
      { prefix: '/v1' },
    );
    expect((await failure(app.ready())).message).toMatch(/^GET \/v1\/slow, config\.holdOpen: pad/);
  });

  test('of a route that stands before the plugin they fail its requests with their code', async () => {
    const app = createApp();
    app.get('/early', { config: { holdOpen: { pad: -1 } } }, async () => ({}));
    await app.register(holdOpen, QUICK);
    const reply = await app.inject('/early');
    expect(reply.statusCode).toBe(500);
    expect(reply.json()).toMatchObject({ code: 'HOLDOPEN_INVALID_OPTION' });
  });
});
