import type { IncomingMessage, ServerResponse } from 'node:http';
import { runsMiddleware } from '@holdopen/runs/node';
import express from 'express';
import { holdOpen } from '../../../src/index.js';
import { type Handler, serve } from '../../held/support/serve.js';
import { type Around, holdOptions, type Mount, type Work } from './mount.js';
import { NodeVoice } from './node-voice.js';

/** `createServer(holdOpen(handler, options))`. */
export function listenerMount(transport: Mount['transport']): Mount {
  return {
    transport,
    serve: (work, around) => serve(withRoutes(around, held(work, around)), transport),
  };
}

function held(work: Work, around: Around): Handler {
  const handler: Handler = around.parser === 'behind' ? parsed(speak(work)) : speak(work);
  if (around.isBare === true) return handler;
  const options = holdOptions(around);
  const once = holdOpen(handler, options);
  const all = around.isTwice === true ? holdOpen(once, options) : once;
  return behind(around, around.parser === 'before' ? parsed(all) : all);
}

/** `holdOpen(options)` in a chain, as Connect has it. */
export const middlewareMount: Mount = {
  transport: 'HTTP/1.1',
  serve(work, around) {
    const handler = around.parser === 'behind' ? parsed(speak(work)) : speak(work);
    const middleware = holdOpen(holdOptions(around));
    const isBare = around.isBare === true;
    const once: Handler = (req, res) =>
      isBare ? handler(req, res) : middleware(req, res, next(req, res, handler));
    const all: Handler = (req, res) =>
      around.isTwice === true ? middleware(req, res, next(req, res, once)) : once(req, res);
    const parsing = around.parser === 'before' ? parsed(all) : all;
    return serve(withRoutes(around, behind(around, parsing)));
  },
};

/** Errors are answered as Connect does at its end. */
function next(req: IncomingMessage, res: ServerResponse, handler: Handler) {
  return (error?: unknown): unknown => {
    if (error === undefined) return handler(req, res);
    res.statusCode = 500;
    return res.end();
  };
}

function speak(work: Work): Handler {
  return (req, res) => work(new NodeVoice(req, res));
}

function parsed(handler: Handler): Handler {
  const parse = express.json() as (
    req: IncomingMessage,
    res: ServerResponse,
    next: (error?: unknown) => void,
  ) => void;
  return (req, res) => parse(req, res, () => void handler(req, res));
}

function behind({ before }: Around, handler: Handler): Handler {
  if (before === undefined) return handler;
  return (req, res) => {
    const passing = before(req);
    if (passing === undefined) return void handler(req, res);
    void passing.then(() => handler(req, res));
  };
}

function withRoutes({ runs, outer }: Around, handler: Handler): Handler {
  const all: Handler =
    outer === undefined ? handler : (req, res) => outer(req, res, () => void handler(req, res));
  if (runs === undefined) return all;
  const routes = runsMiddleware(runs);
  return (req, res) => routes(req, res, () => void all(req, res));
}
