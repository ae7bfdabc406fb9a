import { holdsJson } from './support/json-route.js';
import { recipe } from './support/program.js';

holdsJson(recipe('src/express-reports.ts'), {
  path: '/reports',
  work: { year: 2026 },
  answer: { year: 2026, orders: 1_234_567, revenue: '98765432.10' },
  failing: { year: 1999 },
  refused: [{ body: { year: 'last' }, status: 400 }],
});
