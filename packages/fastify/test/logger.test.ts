import type { FastifyInstance } from 'fastify';
import { expect, test } from 'vitest';
import { ask, type Question } from '../../node/test/held/support/ask.js';
import { until } from '../../node/test/held/support/wait.js';
import { held } from './support/held.js';
import { type LogLine, readableLogger, WARN_LEVEL } from './support/logs.js';
import { HTTP_VERSIONS, type HttpVersion, serve, serveHeld } from './support/serve.js';

/** What is logged about one request: level, message and status. */
async function logged(
  build: (app: FastifyInstance) => void,
  question: Question,
  { isHeld = true, version = 'HTTP/1.1' }: { isHeld?: boolean; version?: HttpVersion } = {},
): Promise<unknown[]> {
  const { lines, logger } = readableLogger();
  const served = isHeld
    ? await serveHeld(build, {}, version, { logger })
    : await serve(build, version, { logger });
  const reply = await ask(served, question);
  expect('holdopen' in reply.headers).toBe(isHeld);
  await until('the request is completed', () =>
    lines.some(({ msg }) => msg === 'request completed'),
  );
  const isAboutRequest = ({ reqId }: LogLine): boolean => reqId !== undefined;
  return lines.filter(isAboutRequest).map(({ level, msg, res }) => [level, msg, res?.statusCode]);
}

const INFO = 30;
const ERROR = 50;

function routes(isHeld: boolean) {
  return (app: FastifyInstance): void => {
    if (isHeld) app.addHook('onRequest', async (request) => held(request));
    app.get('/created', async (_request, reply) => {
      reply.code(201);
      return {};
    });
    app.get('/conflict', async () => {
      throw Object.assign(new Error('conflict'), { statusCode: 409 });
    });
    app.get('/broken', async () => {
      throw new Error('broken');
    });
  };
}

test.each(HTTP_VERSIONS)(
  'over %s the log of a held reply tells the truth, and no more',
  async (version) => {
    const of = (path: string) => logged(routes(true), { path }, { version });
    expect(await of('/created')).toEqual([
      [INFO, 'incoming request', undefined],
      [INFO, 'request completed', 201],
    ]);
    expect(await of('/conflict')).toEqual([
      [INFO, 'incoming request', undefined],
      [INFO, 'conflict', 409],
      [INFO, 'request completed', 409],
    ]);
    expect(await of('/broken')).toEqual([
      [INFO, 'incoming request', undefined],
      [ERROR, 'broken', 500],
      [INFO, 'request completed', 500],
    ]);
    expect(await of('/nowhere')).toEqual([
      [INFO, 'incoming request', undefined],
      [INFO, 'Route GET:/nowhere not found', undefined],
      [INFO, 'request completed', 404],
    ]);
  },
);

test.each(['/created', '/conflict', '/broken', '/nowhere'])(
  'for %s it is the log without holdopen',
  async (path) => {
    const plain = await logged(routes(false), { path }, { isHeld: false });
    expect(await logged(routes(true), { path })).toEqual(plain);
  },
);

test('a client that leaves a held reply is not logged as a fault of the server', async () => {
  const { lines, logger } = readableLogger();
  let isGone = false;
  const served = await serveHeld(
    (app) => {
      app.get('/', async (request) => {
        await held(request);
        await until('its client has left', () => request.holdOpen.state === 'gone');
        setImmediate(() => {
          isGone = true;
        });
        return {};
      });
    },
    { onDisconnect: 'continue' },
    'HTTP/1.1',
    { logger },
  );
  const client = await served.connect();
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.arrived('HoldOpen');
  client.socket.destroy();
  await until('it is gone', () => isGone);
  expect(lines.filter(({ level }) => level >= WARN_LEVEL)).toEqual([]);
});
