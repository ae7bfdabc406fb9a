// Reports in Express: one route that takes minutes, one line to hold it. All others stay as they are.
//
//   npx tsx examples/recipes/src/express-reports.ts
//   curl -N localhost:3000/reports -H 'content-type: application/json' -d '{"year":2026}'
//                                                     (the year 1999 fails after the work)
import { setTimeout as sleep } from 'node:timers/promises';
import { drain, holdOpen } from '@holdopen/express';
import express, { type ErrorRequestHandler } from 'express';

const { PORT = '3000', HOLD_INTERVAL_MS = '8000', WORK_MS = '20000' } = process.env;

class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Stands in for a query over a year. */
async function compile(year: number, signal: AbortSignal | undefined) {
  await sleep(Number(WORK_MS), undefined, signal && { signal });
  if (year < 2000) throw new HttpError(422, `the archive of ${year} is damaged`);
  return { year, orders: 1_234_567, revenue: '98765432.10' };
}

const app = express();
app.use(express.json());

app.post('/reports', holdOpen({ intervalMs: Number(HOLD_INTERVAL_MS) }), async (req, res) => {
  const year: unknown = req.body?.year;
  if (typeof year !== 'number') throw new HttpError(400, 'year must be a number');
  res.json(await compile(year, req.holdOpen?.signal));
});

// The usual error handler. After the first beat it runs as ever, and what it sends is cut.
const answerErrors: ErrorRequestHandler = (error, _req, res, _next) => {
  const status = error instanceof HttpError ? error.status : 500;
  res.status(status).json({ error: status < 500 ? error.message : 'Internal Server Error' });
};
app.use(answerErrors);

const server = app.listen(Number(PORT), () => {
  const address = server.address();
  if (typeof address === 'object') console.log(`Listening on http://localhost:${address?.port}`);
});

// What is still held 10 s after SIGTERM ends with a late 503 and `retry-after`.
process.once('SIGTERM', async () => {
  server.close();
  await drain({ timeoutMs: 10_000 });
  process.exit();
});
