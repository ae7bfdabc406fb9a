// A process with a journal, to be killed. It prints the port that it listens on.
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { holdOpen } from '@holdopen/node';
import { createJournal } from '@holdopen/observe';
import { createRuns } from '@holdopen/runs';
import { runsMiddleware } from '@holdopen/runs/node';

const [directory] = process.argv.slice(2);
createJournal({ directory, heartbeatMs: 100, staleAfterMs: 3_000, flushMs: 10 });
const runs = createRuns({ authorize: () => 'somebody' });
const routes = runsMiddleware(runs);
const handler = holdOpen(
  async (req, res) => {
    if (req.url === '/crash') setTimeout(() => Promise.reject(new RangeError('secret')), 500);
    if (req.url === '/exit') setTimeout(() => process.exit(3), 500);
    if (req.url !== '/quick') await sleep(60_000);
    res.setHeader('Content-Type', 'application/json');
    res.end('{}');
  },
  // The head says where a run is only if its key was claimed by then, which takes a busy machine a while.
  { firstBeatMs: 300, intervalMs: 50, runs },
);
createServer((req, res) => routes(req, res, () => handler(req, res))).listen(
  0,
  '127.0.0.1',
  function () {
    console.log(this.address().port);
  },
);
