// The entry on Workers: the same app, without a server of its own.
import type { App, FetchHandler } from './apps/app.js';
import { dispatchFetch, Handlers } from './dispatch.js';
import { observeUntouched } from './observed.js';

export async function createWorker(app: App): Promise<{ fetch: FetchHandler }> {
  if (app.kind !== 'fetch') throw new Error('Workers take fetch handlers alone');
  observeUntouched();
  const handlers = new Handlers(app.build);
  await handlers.buildAll();
  return { fetch: dispatchFetch(app, handlers) };
}
