import { expectTypeOf, test } from 'vitest';
import {
  type FetchHoldOpenOptions,
  getHold,
  type HoldHandle,
  holdOpen,
  holdResponse,
  type RequestHold,
} from '../src/index.js';

test('a handler keeps its signature, wrapped in place or by itself', () => {
  const plain = holdOpen((request) => {
    expectTypeOf(request).toEqualTypeOf<Request>();
    return new Response();
  });
  expectTypeOf(plain).returns.toEqualTypeOf<Response>();
  expectTypeOf(plain).parameter(0).toEqualTypeOf<Request>();

  const worker = holdOpen(async (_request: Request, _env: { key: string }, _context: object) =>
    Response.json(1),
  );
  expectTypeOf(worker).parameters.toEqualTypeOf<[Request, { key: string }, object]>();
  expectTypeOf(worker).returns.toEqualTypeOf<Promise<Response>>();

  class NextRequest extends Request {
    readonly nextUrl = new URL('http://localhost');
  }
  const route = holdOpen(async (request: NextRequest) => Response.json(request.nextUrl));
  expectTypeOf(route).parameter(0).toEqualTypeOf<NextRequest>();

  const event = holdOpen(({ request }: { request: Request; locals: object }) => {
    expectTypeOf(getHold(request)).toEqualTypeOf<RequestHold>();
    expectTypeOf(getHold(request)).toExtend<HoldHandle>();
    expectTypeOf(getHold(request).attempt).toEqualTypeOf<number | undefined>();
    return new Response();
  });
  expectTypeOf(event).parameter(0).toEqualTypeOf<{ request: Request; locals: object }>();
});

test('options are typed, and wrong ones do not compile', () => {
  expectTypeOf<FetchHoldOpenOptions['headers']>()
    .extract<(request: Request) => unknown>()
    .not.toBeNever();
  holdOpen(() => new Response(), {
    format: (request) => (request.url === '/a' ? 'json' : 'sse'),
    headers: (request) => [['a', request.url]],
    onBeat(hold, request) {
      expectTypeOf(hold.beats).toBeNumber();
      expectTypeOf(request).toEqualTypeOf<Request>();
    },
  });
  holdResponse(new Response(), {
    onBeat(_hold, response) {
      expectTypeOf(response).toEqualTypeOf<Response>();
    },
  });
  // @ts-expect-error an unknown option
  () => holdOpen(() => new Response(), { interval: 8_000 });
  // @ts-expect-error a string is no interval
  () => holdOpen(() => new Response(), { intervalMs: '8s' });
  // @ts-expect-error a string is no response
  () => holdOpen(() => 'x');
  // @ts-expect-error an object is no function of the request
  () => holdOpen(() => new Response(), { headers: { a: '1' } });
  // @ts-expect-error there is no head to be sent
  () => holdResponse(new Response(), { headers: () => ({}) });
});
