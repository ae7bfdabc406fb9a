// In the child process: what the tests ask of it beside the rows.
import { HoldOpenError } from '@holdopen/core';
import type { App } from './apps/app.js';
import { type Key, notesOf, openGate } from './observed.js';
import { ROWS } from './table.js';

export interface Refusal {
  readonly name: string;
  readonly option?: string | undefined;
  /** `undefined` if it was not refused, or not by a HoldOpenError. */
  readonly code?: string | undefined;
  readonly message?: string;
}

/** `kind` is the last label of the host. */
export async function control(app: App, key: Key, kind: string, path: string): Promise<unknown> {
  switch (kind) {
    case 'observed':
      return notesOf(key);
    case 'gate':
      openGate(key);
      return true;
    case 'drain':
      return app.drain(JSON.parse(decodeURIComponent(path.slice(1))));
    case 'reopen':
      app.registry.reopen();
      return true;
    case 'size':
      return app.registry.size;
    case 'refused':
      return refusals(app, key);
    default:
      return { unknown: `${key}.${kind}` };
  }
}

async function refusals(app: App, key: Key): Promise<Refusal[]> {
  const row = ROWS.find(({ id }) => key.startsWith(`${id}.`));
  const all: Refusal[] = [];
  for (const [name, options] of Object.entries(row?.refused ?? {})) {
    try {
      await app.mount(options as never);
      all.push({ name });
    } catch (error) {
      const { code, option } = error instanceof HoldOpenError ? error : {};
      all.push({ name, code, option, message: String(error) });
    }
  }
  return all;
}
