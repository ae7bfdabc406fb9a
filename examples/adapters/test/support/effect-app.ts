// The routes in Effect, with one like opencode's, for NodeHttpServer and as a Web handler.
import { holdOpen as holdFetch } from '@holdopen/fetch';
import { Effect, Layer, Schema, Stream } from 'effect';
import { HttpRouter, HttpServer, HttpServerResponse } from 'effect/http';
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from 'effect/http-api';
import { holdOpen } from '../../src/effect.js';
import { QUICK, SILENCE_MS } from './times.js';

class SessionNotFound extends Schema.TaggedError<SessionNotFound>()(
  'SessionNotFound',
  { id: Schema.String },
  { httpApiStatus: 404 },
) {}

class PromptFailed extends Schema.TaggedError<PromptFailed>()(
  'PromptFailed',
  { why: Schema.String },
  { httpApiStatus: 422 },
) {}

const Message = Schema.Struct({ role: Schema.String, text: Schema.String });

const api = HttpApi.make('agent').add(
  HttpApiGroup.make('session').add(
    HttpApiEndpoint.post('message', '/session/:id/message', {
      params: { id: Schema.String },
      payload: Schema.Struct({ prompt: Schema.String }),
      success: Message,
      error: [SessionNotFound, PromptFailed],
    }),
    HttpApiEndpoint.get('lateError', '/late-error', { success: Message, error: PromptFailed }),
  ),
);

/** @param held whether the handlers hold their responses. */
export function createRoutes(held: boolean) {
  const hold = held ? holdOpen(QUICK) : Effect.void;
  const work = Effect.sleep(SILENCE_MS);
  let left = 0;

  const session = HttpApiBuilder.group(api, 'session', (handlers) =>
    handlers.handleAll({
      message: Effect.fn(function* ({ params, payload }) {
        if (params.id === 'none') return yield* new SessionNotFound({ id: params.id });
        yield* hold;
        if (payload.prompt === 'quick') return { role: 'assistant', text: 'at once' };
        yield* work;
        if (payload.prompt === 'fail') return yield* new PromptFailed({ why: 'model' });
        return { role: 'assistant', text: 'ü' };
      }),
      lateError: () =>
        Effect.andThen(Effect.all([hold, work]), new PromptFailed({ why: 'too late' })),
    }),
  );

  const route = (path: `/${string}`, answer: Answer) =>
    HttpRouter.add('*', path, Effect.andThen(hold, answer));

  const events = Stream.make('data: 1\n\n').pipe(
    Stream.concat(Stream.fromEffect(Effect.as(work, 'data: 2\n\n'))),
    Stream.encodeText,
  );
  const eventStream = HttpServerResponse.stream(events, {
    contentType: 'text/event-stream',
    headers: { 'X-Accel-Buffering': 'no' },
  });

  const half = Stream.make('["half",').pipe(
    Stream.concat(Stream.fromEffect(Effect.andThen(Effect.sleep(10), Effect.die('broken')))),
    Stream.encodeText,
  );
  const broken = HttpServerResponse.stream(half, { contentType: 'application/json' });

  const onceLeft = Effect.sync(() => {
    left += 1;
  });

  return Layer.mergeAll(
    HttpApiBuilder.layer(api).pipe(Layer.provide(session)),
    route('/fast', json({ fast: true })),
    route('/fast-error', json({ why: 'in time' }, 422)),
    route('/slow', Effect.andThen(work, json({ slow: 'ü' }))),
    route('/created', Effect.andThen(work, json({ id: 7 }, 201))),
    route('/events', Effect.succeed(eventStream)),
    route('/broken', Effect.as(work, broken)),
    route(
      '/wait',
      Effect.onInterrupt(Effect.never, () => onceLeft),
    ),
    HttpRouter.add(
      'GET',
      '/left',
      Effect.suspend(() => json({ left })),
    ),
  );
}

type Answer = Effect.Effect<HttpServerResponse.HttpServerResponse>;

function json(body: object, status = 200): Answer {
  return Effect.succeed(HttpServerResponse.jsonUnsafe(body, { status }));
}

/** The same for runtimes of the Web. */
export function createWebHandler(held: boolean): (request: Request) => Promise<Response> {
  const routes = Layer.provide(createRoutes(held), HttpServer.layerServices);
  const { handler } = HttpRouter.toWebHandler(routes, { disableLogger: true });
  return held ? holdFetch(handler, QUICK) : handler;
}
