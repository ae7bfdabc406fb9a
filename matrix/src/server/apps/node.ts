import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { holdOpen } from '@holdopen/node';
import type { Answer } from '../answer.js';
import { HELD_NAMES } from '../cases.js';
import { partsOf } from '../route.js';
import type { Stage } from '../stage.js';

/** As much of it as an app needs. */
type Playing = Pick<Stage, 'play' | 'holdOptions'>;

/** A plain listener, each case of it wrapped by its own options. */
export function nodeApp(stage: Playing): RequestListener {
  const listener = plainApp(stage);
  const held = new Map<string, RequestListener>(
    HELD_NAMES.map((name) => [name, holdOpen(listener, stage.holdOptions(name))]),
  );
  return (req, res) => {
    const name = partsOf(req.url)[1] ?? '';
    (held.get(name) ?? listener)(req, res);
  };
}

/** The same without holdopen, as it stands behind the sidecar. */
export function plainApp(stage: Playing): RequestListener {
  return (req, res) => void playOnNode(stage, req, res);
}

/** For every framework whose response is Node's. */
export async function playOnNode(
  stage: Playing,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const answer = await stage.play({
    url: req.url ?? '/',
    method: req.method ?? 'GET',
    body: await text(req),
    httpVersion: req.httpVersion,
    signal: req.holdOpen?.signal ?? signalOf(res),
  });
  await give(res, answer);
}

function signalOf(res: ServerResponse): AbortSignal {
  const controller = new AbortController();
  res.once('close', () => {
    if (!res.writableFinished) controller.abort();
  });
  return controller.signal;
}

async function give(res: ServerResponse, { status, headers, body }: Answer): Promise<void> {
  res.writeHead(status, headers);
  if (typeof body === 'string') {
    res.end(body);
    return;
  }
  res.flushHeaders();
  try {
    for await (const piece of body) res.write(piece);
    res.end();
  } catch {
    res.destroy();
  }
}
