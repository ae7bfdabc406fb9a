// The same apps when their head has left before they are called: what they answer is what they
// would have answered, as far as a JSON head lets them, and no failure can be taken for a success.
import { STATUS_CODES } from 'node:http';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { holdOpen } from '../../src/index.js';
import { untilHeld } from '../support/held-app.js';
import {
  anyPrefixParses,
  ask,
  type ExpressVersion,
  type Question,
  type Reply,
  readHeldJson,
  type Served,
  serve,
  VERSIONS,
} from '../support/index.js';
import { createKit, type DocumentedApp } from './app.js';
import { APPS } from './apps/index.js';
import { line } from './exchange.js';

beforeEach(() => {
  // Express writes what nobody handled to the console.
  vi.spyOn(console, 'error').mockImplementation(() => {});
});
afterEach(() => void vi.restoreAllMocks());

/** Nobody asks for what has changed, for parts or for an encoding once the head has been sent. */
const HIDDEN = /^(if-(none-match|modified-since|range)|range|accept-encoding)$/i;

function unconditional(question: Question): Question {
  const headers = Object.entries(question.headers ?? {}).filter(([name]) => !HIDDEN.test(name));
  // The close tells the end of an answer that has no body and says no length.
  return { ...question, headers: { ...Object.fromEntries(headers), Connection: 'close' } };
}

const isHoldable = ({ method }: Question): boolean => method !== 'HEAD' && method !== 'OPTIONS';

function serveApp(
  documented: DocumentedApp,
  version: ExpressVersion,
  how: 'bare' | 'held',
): Promise<Served> {
  const app = version.express();
  app.set('env', 'production');
  documented.settings?.(app);
  if (how === 'held') {
    app.use(holdOpen({ firstBeatMs: 0, intervalMs: 60, format: 'json' }), untilHeld);
  }
  documented.build(app, createKit(version));
  return serve(app);
}

describe.each(VERSIONS)('in $name', (version) => {
  test.each(APPS)('$title: late, the truth', async (documented) => {
    const bare = await serveApp(documented, version, 'bare');
    const held = await serveApp(documented, version, 'held');
    const questions = documented.requests.filter(isHoldable);
    expect(questions.length).toBeGreaterThan(0);
    await Promise.all(
      questions.map(async (question) => {
        const truth = await ask(bare, unconditional(question));
        const late = await ask(held, question);
        expect({ [line(question)]: told(late) }).toEqual({ [line(question)]: expected(truth) });
      }),
    );
  });
});

/** What a client of a held answer can know. */
interface Told {
  readonly status: number;
  readonly ended: Reply['ended'];
  /** Any beginning of it parses. */
  readonly parses: boolean;
  readonly payload: unknown;
  readonly location: string | undefined;
}

function told(late: Reply): Told {
  expect(late.status).toBe(200);
  expect(late.headers).toMatchObject({ holdopen: 'interval=60, format=json' });
  expect(late.headers).not.toHaveProperty('etag');
  if (/^\n*: |^\n*(id|data|event)/.test(late.body)) {
    return { ...ofEvents(late.body.trimStart()), ended: late.ended };
  }
  const { beats, lateHead, payload } = readHeldJson(late.body);
  expect(beats).toBeGreaterThan(0);
  const { ended } = late;
  return {
    status: lateHead?.status ?? 200,
    ended,
    parses: anyPrefixParses(late.body),
    payload: ended === 'cut' ? readable(JSON.parse(`${payload}}`)) : payload,
    location: lateHead?.headers.find(([name]) => name === 'location')?.[1],
  };
}

function expected(truth: Reply): Told {
  const { status, body, headers } = truth;
  const { location } = headers;
  const type = headers['content-type'] ?? '';
  if (type.startsWith('text/event-stream')) return { ...ofEvents(body), ended: 'complete' };
  const isJson = type.startsWith('application/json') || (type === '' && /^[{["]/.test(body));
  const base = { location, parses: true, ended: 'complete' as const };
  if (status < 300 && body === '') return { ...base, status, payload: 'null' };
  if (status < 300 && isJson) return { ...base, status, payload: body };
  const cut = { location, parses: false, ended: 'cut' as const };
  if (status < 300) return { ...cut, status: 500, payload: { problem: 500, body: undefined } };
  const problem = { problem: status, body: body === '' ? undefined : body };
  const value: unknown = isJson ? JSON.parse(body) : undefined;
  if (value !== undefined && !Array.isArray(value)) return { ...cut, status, payload: value };
  return { ...cut, status, payload: problem };
}

function ofEvents(body: string): Omit<Told, 'ended'> {
  return { status: 200, parses: false, payload: body, location: undefined };
}

/** A problem object is known by its members; its wording is the core's. */
function readable(value: unknown): unknown {
  const { completion_status: problem, title, body } = value as Record<string, unknown>;
  if (problem === undefined) return value;
  expect(title).toEqual(expect.any(String));
  expect(STATUS_CODES).toHaveProperty(String(problem));
  return { problem, body };
}
