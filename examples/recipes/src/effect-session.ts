// POST /session/:sessionID/message with Effect's HttpApi, as opencode has it: validation, then a turn
// of minutes, then the message as a JSON stream of one chunk. `yield* hold` is all that is new: what
// fails before it keeps its status. The adapter is one file, to be copied.
//
//   npx tsx examples/recipes/src/effect-session.ts          (Node 22.19 or newer)
//   curl -N localhost:3000/session/ses_demo/message -H 'content-type: application/json' \
//     -d '{"parts":[{"type":"text","text":"hello"}]}' (the text "fail" fails after the work)
import { createServer } from 'node:http';
import * as NodeHttpServer from '@effect/platform-node/NodeHttpServer';
import * as NodeRuntime from '@effect/platform-node/NodeRuntime';
import { Effect, Layer, Schema, Stream } from 'effect';
import { HttpRouter, HttpServerResponse } from 'effect/http';
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from 'effect/http-api';
import { holdOpen } from '../../adapters/src/effect.js';

const { PORT = '3000', HOLD_INTERVAL_MS = '8000', WORK_MS = '20000' } = process.env;

class NotFound extends Schema.TaggedError<NotFound>()(
  'NotFoundError',
  { message: Schema.String },
  { httpApiStatus: 404 },
) {}

class BadRequest extends Schema.TaggedError<BadRequest>()(
  'BadRequest',
  { message: Schema.String },
  { httpApiStatus: 400 },
) {}

const Part = Schema.Struct({ type: Schema.Literal('text'), text: Schema.String });
const Prompt = Schema.Struct({ parts: Schema.Array(Part) });
const Message = Schema.Struct({
  info: Schema.Struct({ sessionID: Schema.String, role: Schema.Literal('assistant') }),
  parts: Schema.Array(Part),
});

const api = HttpApi.make('opencode').add(
  HttpApiGroup.make('session').add(
    HttpApiEndpoint.post('message', '/session/:sessionID/message', {
      params: { sessionID: Schema.String },
      payload: Prompt,
      success: Message,
      error: [NotFound, BadRequest],
    }),
  ),
);

// A turn is durable: it goes on when its caller leaves, and has a route of its own to be aborted.
const hold = holdOpen({ intervalMs: Number(HOLD_INTERVAL_MS), onDisconnect: 'continue' });

const session = HttpApiBuilder.group(api, 'session', (handlers) =>
  handlers.handle(
    'message',
    Effect.fn(function* ({ params, payload }) {
      yield* requireSession(params.sessionID);
      yield* hold;
      const message = yield* prompt(params.sessionID, payload);
      const json = Stream.make(JSON.stringify(message)).pipe(Stream.encodeText);
      return HttpServerResponse.stream(json, { contentType: 'application/json' });
    }),
    { uninterruptible: true },
  ),
);

function requireSession(sessionID: string): Effect.Effect<void, NotFound> {
  if (sessionID === 'ses_demo') return Effect.void;
  return Effect.fail(new NotFound({ message: `Session not found: ${sessionID}` }));
}

/** Stands in for a turn. Its failure is a 400 that comes too late for the status line. */
const prompt = Effect.fn(function* (sessionID: string, { parts }: typeof Prompt.Type) {
  yield* Effect.sleep(Number(WORK_MS));
  const said = parts.map(({ text }) => text).join(' ');
  if (said === 'fail') return yield* new BadRequest({ message: 'the provider has no credit left' });
  const message: typeof Message.Type = {
    info: { sessionID, role: 'assistant' },
    parts: [{ type: 'text', text: `You said: ${said}` }],
  };
  return message;
});

const server = HttpRouter.serve(HttpApiBuilder.layer(api).pipe(Layer.provide(session))).pipe(
  Layer.provide(NodeHttpServer.layer(createServer, { port: Number(PORT) })),
);

NodeRuntime.runMain(Layer.launch(server));
