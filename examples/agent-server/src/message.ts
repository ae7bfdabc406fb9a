import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpError } from './http-error.js';
import { readJson, sendJson } from './json.js';
import { parseOrder, resolveBelow } from './order.js';
import type { Sessions } from './sessions.js';
import { runSurvey, SurveyFailed } from './survey/run.js';

/**
 * The slow handler of `POST /session/:id/message`. It knows nothing of beats: silent while its tool
 * runs, then one JSON document. What is wrong with a request is thrown at once, a failure of the
 * tool whenever it comes.
 */
export function createMessageHandler(root: string, sessions: Sessions) {
  return async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const signal = clientLeft(req, res);
    const session = sessions.get(sessionId(req));
    const order = parseOrder(await readJson(req));
    const directory = await resolveBelow(root, order.path);
    try {
      const survey = await runSurvey(directory, { ...order, signal });
      session.messages += 1;
      sendJson(res, 200, { session: session.id, path: order.path, ...survey });
    } catch (cause) {
      if (cause instanceof SurveyFailed) throw new HttpError(502, cause.message, { cause });
      throw cause;
    }
  };
}

function sessionId(req: IncomingMessage): string {
  const id = /\/session\/([^/?]+)\/message/.exec(req.url ?? '')?.[1] ?? '';
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}

/** Fires when nobody waits for the answer any more. */
function clientLeft(req: IncomingMessage, res: ServerResponse): AbortSignal {
  if (req.holdOpen) return req.holdOpen.signal;
  const controller = new AbortController();
  // The response's close: that of the request comes as soon as its body has been read.
  res.once('close', () => {
    if (!res.writableFinished) controller.abort();
  });
  return controller.signal;
}
