import { holdOpen } from '@holdopen/express';
import express, { type Express } from 'express';
import { HELD_NAMES } from '../cases.js';
import type { Stage } from '../stage.js';
import { playOnNode } from './node.js';

export function expressApp(stage: Stage): Express {
  const app = express();
  for (const name of HELD_NAMES) {
    app.all(`/:wire/${name}/*rest`, holdOpen(stage.holdOptions(name)), (req, res) =>
      playOnNode(stage, req, res),
    );
  }
  app.use((req, res) => playOnNode(stage, req, res));
  return app;
}
