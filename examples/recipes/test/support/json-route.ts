// What every recipe shows that answers with one JSON document.
import { expect, test } from 'vitest';
import type { Recipe } from './program.js';

export interface JsonRoute {
  readonly path: string;
  /** The body of a request that takes long, and what it is answered with. */
  readonly work: object | string;
  readonly answer: unknown;
  /** The body of a request that fails at the end of its work. */
  readonly failing: object | string;
  /** What is refused at once. */
  readonly refused: readonly { path?: string; body: object | string; status: number }[];
}

export function holdsJson({ held, plain }: Recipe, route: JsonRoute): void {
  const { path, work, answer, failing, refused } = route;

  test.concurrent('without holdopen the silent call is killed on its way', async () => {
    const way = await plain.openPath();
    await expect(post(way.url + path, work)).rejects.toThrow('fetch failed');
    expect(way.kills).toBe(1);
    expect(way.sent).toBe('');
  });

  test.concurrent('with it the same call gets its answer', async () => {
    const way = await held.openPath();
    const response = await post(way.url + path, work);
    expect(await response.json()).toEqual(answer);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(way.kills).toBe(0);
  });

  test.concurrent('an error that comes late is an error for the client', async () => {
    const way = await held.openPath();
    const response = await post(way.url + path, failing);
    expect(response.status).toBe(200);
    await expect(response.json()).rejects.toThrow();
    expect(way.kills).toBe(0);
  });

  // Behind the others, for a program that has just started may be slower than its first beat.
  test.each(refused)(
    'an error in time is what it is without holdopen: $status',
    async ({ status, ...request }) => {
      const answers = await Promise.all(
        [held, plain].map(({ url }) => post(url + (request.path ?? path), request.body)),
      );
      const [text, plainText] = await Promise.all(answers.map((answer) => answer.text()));
      expect(answers.map((answer) => answer.status)).toEqual([status, status]);
      expect(text).toBe(plainText);
      expect(answers[0]?.headers.has('holdopen')).toBe(false);
    },
  );
}

export function post(url: string, body: object | string): Promise<Response> {
  const isText = typeof body === 'string';
  return fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': isText ? 'text/plain' : 'application/json' },
    body: isText ? body : JSON.stringify(body),
  });
}
