import { createServer } from 'node:http';
import { createRuns } from '@holdopen/runs';
import { runsMiddleware } from '@holdopen/runs/node';
import { holdOpen, incomingOf } from '../../src/index.js';
import { userOf, workForMinutes } from './support/readme-work.js';

const runs = createRuns({ authorize: (request) => userOf(incomingOf(request)) });

const held = holdOpen(
  async (req, res) => {
    const report = await workForMinutes(req);
    res.setHeader('Content-Type', 'application/json');
    res.end(JSON.stringify(report));
  },
  { runs }, // the handler is not changed
);
const routes = runsMiddleware(runs); // /runs/*, where clients come back to

export const server = createServer((req, res) => routes(req, res, () => held(req, res)));
