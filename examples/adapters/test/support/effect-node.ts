// Effect on NodeHttpServer.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as NodeHttpServer from '@effect/platform-node/NodeHttpServer';
import { Effect, Exit, Layer, Scope } from 'effect';
import { HttpRouter } from 'effect/http';
import type { Served } from './promises.js';

type Provided = Layer.Success<typeof NodeHttpServer.layerHttpServices> | HttpRouter.HttpRouter;

export async function serveRoutes(routes: Layer.Layer<never, never, Provided>): Promise<Served> {
  const server = createServer();
  const listening = NodeHttpServer.layer(() => server, { port: 0, host: '127.0.0.1' });
  const scope = Scope.makeUnsafe();
  const serving = HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true });
  await Effect.runPromise(Layer.buildWithScope(Layer.provide(serving, listening), scope));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => Effect.runPromise(Scope.close(scope, Exit.void)),
  };
}
