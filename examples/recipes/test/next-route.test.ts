import { expect, test } from 'vitest';
import { holdsJson } from './support/json-route.js';
import { recipe } from './support/program.js';

const next = recipe('test/support/next-host.ts');
const path = '/api/agents/poet';

test.concurrent('a page of another origin may read a held answer', async () => {
  const response = await fetch(next.held.url + path, {
    method: 'POST',
    headers: { Origin: 'https://app.example' },
    body: '{"task":"a sonnet"}',
  });
  expect(await response.json()).toEqual({ name: 'poet', result: 'Here is a sonnet.' });
  expect(response.headers.get('access-control-allow-origin')).toBe('https://app.example');
  expect(response.headers.get('access-control-expose-headers')).toMatch(/holdopen/i);
});

holdsJson(next, {
  path,
  work: { task: 'a haiku' },
  answer: { name: 'poet', result: 'Here is a haiku.' },
  failing: { task: 'fail' },
  refused: [
    { path: '/api/agents/none', body: { task: 'a haiku' }, status: 404 },
    { body: {}, status: 400 },
  ],
});
