import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { HoldOpenError, OptionError, TransportError } from '../src/errors.js';
import { explainAnswer, explainFailure, startAnew } from '../src/explain.js';
import { Failure } from '../src/transport/failure.js';
import { readProblem } from '../src/wire/problem.js';

const url = 'https://ada:secret@api.example/tasks?token=secret#x';

test('an error says what happened, where, how long, how often and how to go on', () => {
  const cause = new Error('read ECONNRESET');
  const failure = new Failure('reset', true, cause);
  const error = explainFailure(Object.assign(failure, { bytes: 117, silenceMs: 8_130 }), {
    method: 'POST',
    url,
    attempts: 3,
    run: {
      url: 'https://api.example/runs/7',
      state: 'running',
      status: undefined,
      code: undefined,
    },
    cursor: 'ho1.7.e.4',
  });
  expect(error.message).toBe(
    'POST https://api.example/tasks: the connection was reset, after 117 bytes of the answer and 8.1 s of silence, in attempt 3. The work goes on on the server: https://api.example/runs/7 knows, events behind Last-Event-ID ho1.7.e.4.',
  );
  expect(error).toBeInstanceOf(TransportError);
  expect(error).toBeInstanceOf(HoldOpenError);
  expect(error).toMatchObject({
    name: 'TransportError',
    code: 'HOLDOPEN_RESET',
    failure: 'reset',
    mayHaveRun: true,
    bytes: 117,
    silenceMs: 8_130,
    attempts: 3,
    cursor: 'ho1.7.e.4',
    cause,
  });
});

test('a request that cannot have run may be sent again', () => {
  const error = explainFailure(new Failure('refused', false), { method: 'POST', url, attempts: 1 });
  expect(error.message).toBe(
    'POST https://api.example/tasks: no connection could be made, before the answer began. The work was not begun: it is safe to send it again.',
  );
});

test.each([
  [{ method: 'POST' }, /look before you send it again/],
  [{ method: 'POST', idempotencyKey: 'k1' }, /under the same key, error\.idempotencyKey:/],
  [{ method: 'GET' }, /It can be sent again/],
  [{ run: { url: '/runs/7', state: 'lost', status: 500, code: 'lost' } }, /the work is lost/],
  [
    { run: { url: '/runs/7', state: undefined, status: undefined, code: undefined } },
    /could not be asked: \/runs\/7 knows/,
  ],
])('the way on fits what is known: %j', (facts, way) => {
  expect(explainFailure(new Failure('closed', true), { url, ...facts }).message).toMatch(way);
});

test('an answer that is an error is quoted', () => {
  const problem = readProblem('{"status":500,"code":"lost","detail":"The process died."}');
  const error = explainAnswer('HOLDOPEN_LOST', 'the work is lost', { url }, 500, problem);
  expect(error.message).toMatch(/: the work is lost \("The process died\."\)\. /);
  expect([error.status, error.problem?.code]).toEqual([500, 'lost']);
});

test('a wrong option is named with the fix', () => {
  const error = new OptionError('retry', 7, 'give false or an object');
  expect(error.message).toBe('holdOpen.retry: give false or an object');
  expect([error.code, error.option, error.given]).toEqual(['HOLDOPEN_INVALID_OPTION', 'retry', 7]);
});

test('what is not for a log is there for programs, and is not printed', () => {
  const facts = { method: 'POST', url, idempotencyKey: 'secret-key', attempts: 2 };
  const errors = [
    explainFailure(new Failure('closed', true), facts),
    explainAnswer('HOLDOPEN_FAILED', 'it failed', facts, 500, undefined, startAnew(facts)),
    new OptionError('idempotencyKey', 'secret key', 'give letters'),
  ];
  for (const error of errors) {
    const printed = `${inspect(error, { depth: 9 })} ${JSON.stringify(error)} ${Object.values(error)}`;
    expect(printed).not.toContain('secret');
    expect(printed).toContain(error.code);
  }
  expect(errors[0]).toMatchObject({ url, idempotencyKey: 'secret-key' });
  expect((errors[2] as OptionError).given).toBe('secret key');
});
