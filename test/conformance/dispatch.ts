// In the child process: which row a request is for, by its host.
import type { App, FetchHandler } from './apps/app.js';
import { control } from './control.js';
import { context, hostOf, keyOf } from './observed.js';
import type { Row } from './row.js';
import { ROWS } from './table.js';

type Build<Handler> = (row: Row, held: boolean) => Handler | Promise<Handler>;

/** An app for each row, with and without holdOpen, each made when it is asked for: some take their time. */
export class Handlers<Handler> {
  readonly #build: Build<Handler>;
  readonly #built = new Map<string, Handler | Promise<Handler>>();

  constructor(build: Build<Handler>) {
    this.#build = build;
  }

  /** `undefined` if the host is none of a row. */
  find(id: string, kind: string): Handler | Promise<Handler> | undefined {
    const name = `${id}.${kind}`;
    const present = this.#built.get(name);
    if (present !== undefined || (kind !== 'held' && kind !== 'bare')) return present;
    const row = ROWS.find((one) => one.id === id);
    if (row === undefined) return undefined;
    const made = this.#build(row, kind === 'held');
    this.#built.set(name, made);
    if (made instanceof Promise) made.then((handler) => this.#built.set(name, handler));
    return made;
  }

  /** Workers want all of them before the first request. */
  async buildAll(): Promise<void> {
    for (const { id } of ROWS) for (const kind of ['held', 'bare']) await this.find(id, kind);
  }
}

export function dispatchFetch(app: App, handlers: Handlers<FetchHandler>): FetchHandler {
  return async (request, server) => {
    const { key, row, kind } = keyOf(hostOf(request));
    const handler = await handlers.find(row, kind);
    if (handler !== undefined) return context.run(key, () => handler(request, server));
    return Response.json(await control(app, key, kind, new URL(request.url).pathname));
  };
}
