import { expect, test } from 'vitest';
import { until } from '../../../test/support/until.js';
import { holdsJson, post } from './support/json-route.js';
import { recipe } from './support/program.js';

const imports = recipe('src/fastify-imports.ts');

test.concurrent('the log tells the true status of a late error', async () => {
  const response = await post(`${imports.held.url}/imports`, { rows: 3_000_000 });
  await expect(response.text()).rejects.toThrow();
  await until('the request is logged', () =>
    /"statusCode":507.*"request completed"/.test(imports.held.output),
  );
});

holdsJson(imports, {
  path: '/imports',
  work: { rows: 1_000 },
  // What the schema leaves out is left out after a beat, too.
  answer: { id: '7', rows: 1_000 },
  failing: { rows: 2_000_000 },
  refused: [{ body: { rows: 'many' }, status: 400 }],
});
