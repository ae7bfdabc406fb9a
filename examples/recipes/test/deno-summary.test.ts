import { holdsJson } from './support/json-route.js';
import { recipe } from './support/program.js';

holdsJson(recipe('src/deno-summary.ts', { runtime: 'Deno' }), {
  path: '/summary',
  work: 'A long text. With two sentences.',
  answer: { summary: 'A long text', words: 6 },
  failing: 'This will fail.',
  refused: [
    { body: ' ', status: 400 },
    { path: '/nowhere', body: 'A text.', status: 404 },
  ],
});
