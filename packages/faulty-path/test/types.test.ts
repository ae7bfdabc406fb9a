import type { Server } from 'node:http';
import { expectTypeOf, test } from 'vitest';
import { createFaultyPath, type FaultyPath, type PathConnection } from '../src/index.js';
import { test as withPath } from '../src/vitest.js';

// Each stands in a function that nobody calls: it need only compile.

test('a path has a target and faults, given or drawn for each connection', () => {
  expectTypeOf(createFaultyPath).returns.resolves.toEqualTypeOf<FaultyPath>();
  expectTypeOf<FaultyPath>().toExtend<AsyncDisposable>();
  () => createFaultyPath({ target: 3000, faults: [{ type: 'idle-kill', afterMs: 60_000 }] });
  () => createFaultyPath({ target: 'http://localhost:3000', faults: [{ type: 'silence' }] });
  () =>
    createFaultyPath({
      target: (connection) => 3000 + connection,
      faults: (_connection, draw) => [
        { type: 'cut', atByte: draw.integer(0, 100), how: draw.oneOf(['fin', 'rst']) },
      ],
      onBytes(bytes, from, connection) {
        expectTypeOf(bytes).toEqualTypeOf<Buffer>();
        expectTypeOf(from).toEqualTypeOf<'client' | 'target'>();
        expectTypeOf(connection).toEqualTypeOf<PathConnection>();
      },
    });
});

test('a fault takes what is its own and nothing else', () => {
  // @ts-expect-error there is no such fault
  () => createFaultyPath({ target: 1, faults: [{ type: 'idle' }] });
  // @ts-expect-error after how long?
  () => createFaultyPath({ target: 1, faults: [{ type: 'idle-kill' }] });
  // @ts-expect-error a throttle is no matter of milliseconds
  () => createFaultyPath({ target: 1, faults: [{ type: 'throttle', afterMs: 1 }] });
  // @ts-expect-error a server is not a target: give its port
  (server: Server) => createFaultyPath({ target: server });
});

test('vitest’s test hands out paths that it closes', () => {
  expectTypeOf(withPath).toBeCallableWith('a title', async ({ openPath }) => {
    expectTypeOf(await openPath({ target: 3000 })).toEqualTypeOf<FaultyPath>();
  });
});
