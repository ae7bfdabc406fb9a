// What every adapter must keep, whatever it stands on. Each framework brings the same routes.
import { parseLateHead } from '@holdopen/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, open, type Question, until } from './raw.js';

export interface Served {
  readonly port: number;
  close(): unknown;
}

export interface Routes {
  /** Serves the routes, with or without the adapter. */
  readonly serve: (held: boolean) => Promise<Served>;
  /** The error object of `/late-error`, where the framework makes one. */
  readonly lateError: object;
  /** How `/created` is asked. */
  readonly created?: Question;
  /** What is asked fast, with and without. */
  readonly fast: Readonly<Record<string, Question>>;
}

export function keepsItsPromises({ serve, lateError, created, fast }: Routes): () => number {
  let plain: Served;
  let held: Served;

  beforeAll(async () => {
    [plain, held] = await Promise.all([serve(false), serve(true)]);
  });

  afterAll(() => Promise.all([plain?.close(), held?.close()]));

  test.each(Object.entries(fast))('what is fast is untouched: %s', async (path, question) => {
    const [without, withIt] = [
      await ask(plain.port, path, question),
      await ask(held.port, path, question),
    ];
    expect(withIt.text).toBe(without.text);
    expect(withIt.text).not.toMatch(/holdopen/i);
  });

  test('what is slow gets beats and parses', async () => {
    const { status, head, body, complete } = await ask(held.port, '/slow');
    expect(status).toBe(200);
    expect(head).toMatch(/^holdopen: interval=60, format=json\r?$/im);
    expect(body).toMatch(/^\n\n+\{/);
    expect(JSON.parse(body)).toEqual({ slow: 'ü' });
    expect(complete).toBe(true);
  });

  test('a late success tells its true status', async () => {
    const { status, body, complete } = await ask(held.port, '/created', created);
    expect(status).toBe(200);
    expect(lateStatus(body)).toBe(201);
    expect(JSON.parse(body)).toEqual({ id: 7 });
    expect(complete).toBe(true);
  });

  test('a late error is cut, with its true status', async () => {
    const { status, body, complete } = await ask(held.port, '/late-error');
    expect(status).toBe(200);
    expect(lateStatus(body)).toBe(422);
    expect(complete).toBe(false);
    expect(() => JSON.parse(body)).toThrow();
    expect(JSON.parse(`${body}}`)).toMatchObject(lateError);
  });

  test('a late payload that breaks off is incomplete', async () => {
    const { status, body, complete } = await ask(held.port, '/broken');
    expect(status).toBe(200);
    expect(body).toMatch(/^\n+\["half",$/);
    expect(complete).toBe(false);
  });

  test('the gap of an event stream gets a comment', async () => {
    const { body, complete } = await ask(held.port, '/events', { accept: 'text/event-stream' });
    const [, gap] = /data: ?1\n\n(.*?)(id: ?2\n)?data: ?2\n\n/s.exec(body) ?? [];
    expect(gap).toMatch(/^: holdopen interval=60\n\n(: keepalive\n\n)*/);
    expect(complete).toBe(true);
  });

  test('a client that leaves stops the work', async () => {
    const client = open(held.port, '/wait');
    await until('a beat arrives', () => /holdopen: .*\r\n\r\n/is.test(client.text));
    client.socket.destroy();
    await until('the handler knows', async () => {
      const { body } = await ask(held.port, '/left');
      return JSON.parse(body).left === 1;
    });
  });

  return () => held.port;
}

function lateStatus(body: string): number | undefined {
  return parseLateHead(/^[ \t\r\n]*/.exec(body)?.[0] ?? '')?.status;
}
