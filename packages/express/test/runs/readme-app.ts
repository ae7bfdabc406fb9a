import { createRuns } from '@holdopen/runs';
import { runsMiddleware } from '@holdopen/runs/node';
import express from 'express';
import { login, userOf, workForMinutes } from '../../../node/test/runs/support/readme-work.js';
import { holdOpen, incomingOf } from '../../src/index.js';

const runs = createRuns({ authorize: (request) => userOf(incomingOf(request)) });

export const app = express();
app.use(login);
app.use(runsMiddleware(runs)); // /runs/*, where clients come back to
app.post('/reports', holdOpen({ runs }), express.json(), async (req, res) => {
  res.status(201).json(await workForMinutes(req.body)); // the handler is not changed
});
