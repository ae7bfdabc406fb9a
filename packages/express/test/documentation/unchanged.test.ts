// The apps of Express's documentation behave with holdopen as without it: before its first beat it
// is not there, byte by byte.
import type { ServerResponse } from 'node:http';
import type { Express, RequestHandler } from 'express';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { holdOpen } from '../../src/index.js';
import { type ExpressVersion, type Question, serve, until, VERSIONS } from '../support/index.js';
import { createKit, type DocumentedApp } from './app.js';
import { APPS } from './apps/index.js';
import { exchange, line, shown } from './exchange.js';

/** What a client saw of every request, and what a logger did. */
interface Behaviour {
  readonly bytes: Record<string, string>;
  readonly log: Record<string, string[]>;
}

type Mount = (app: Express) => void;

beforeEach(() => {
  // Express writes what nobody handled to the console.
  vi.spyOn(console, 'error').mockImplementation(() => {});
});
afterEach(() => void vi.restoreAllMocks());

async function behaviour(
  documented: DocumentedApp,
  version: ExpressVersion,
  mount: Mount,
): Promise<Behaviour> {
  const bytes: Record<string, string> = {};
  const log: Record<string, string[]> = {};
  let told: string[] = [];
  const app = version.express();
  const journal = logger(() => told);
  app.set('env', 'production');
  documented.settings?.(app);
  mount(app);
  documented.build(app, createKit(version));
  const served = await serve((req, res) => {
    journal(res);
    app(req, res);
  });
  for (const question of documented.requests) {
    const events: string[] = [];
    told = events;
    bytes[line(question)] = shown(await exchange(served, question));
    await until('the response has closed', () => events.some((event) => event.startsWith('close')));
    log[line(question)] = events;
  }
  return { bytes, log };
}

/** Notes what each response says of itself, in the journal of its request. */
function logger(journal: () => string[]): (res: ServerResponse) => void {
  return (res) => {
    const events = journal();
    for (const event of ['pipe', 'unpipe', 'finish', 'close']) {
      res.on(event, () => {
        const { statusCode, headersSent, writableEnded, writableFinished } = res;
        events.push([event, statusCode, headersSent, writableEnded, writableFinished].join(' '));
      });
    }
  };
}

test('there are enough of them', () => {
  expect(APPS.length).toBeGreaterThanOrEqual(60);
  const titles = new Set(APPS.map(({ title }) => title));
  expect(titles.size).toBe(APPS.length);
});

describe.each(VERSIONS)('in $name', (version) => {
  test.each(APPS)('$title: nothing changes', async (documented) => {
    let watched = 0;
    const [bare, held] = await Promise.all([
      behaviour(documented, version, () => {}),
      behaviour(documented, version, (app) => {
        app.use(holdOpen(), (req, _res, next) => {
          if (req.holdOpen?.state === 'waiting') watched += 1;
          next();
        });
      }),
    ]);
    expect(held).toEqual(bare);
    expect(watched).toBe(documented.requests.length);
    for (const text of Object.values(bare.bytes)) expect(text).toMatch(/^HTTP\/1\.1 \d{3} /);
  });
});

describe('a careless middleware is noticed', () => {
  const careless: [string, RequestHandler][] = [
    [
      'a header too many',
      (_req, res, next) => {
        res.set('X-A', 'b');
        next();
      },
    ],
    [
      'an end in two steps',
      (_req, res, next) => {
        const { end } = res;
        Reflect.set(res, 'end', (chunk: unknown) => {
          if (chunk !== undefined) res.write(chunk);
          return Reflect.apply(end, res, []);
        });
        next();
      },
    ],
    [
      'a head that leaves at once',
      (_req, res, next) => {
        res.flushHeaders();
        next();
      },
    ],
  ];

  test.each(careless)('%s', async (_fault, middleware) => {
    const [version] = VERSIONS as [ExpressVersion];
    const documented = APPS.find(
      ({ title }) => title === 'res.write and res.end, as plain Node has them',
    );
    if (documented === undefined) throw new Error('no such app');
    const bare = await behaviour(documented, version, () => {});
    expect(await behaviour(documented, version, (app) => app.use(middleware))).not.toEqual(bare);
  });
});

/** For readers of a failure: `line` must tell the questions of one app apart. */
test.each(APPS)(
  '$title asks each question once',
  ({ requests }: { requests: readonly Question[] }) => {
    expect(new Set(requests.map(line)).size).toBe(requests.length);
  },
);
