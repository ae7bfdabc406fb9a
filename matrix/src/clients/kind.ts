import type { Case } from '../server/cases.js';
import type { WireName } from '../server/wire.js';
import type { ClientColumn } from './judge.js';

/** @throws NotOnThisMachine. `folder`: a place for what has to be built first. */
export type Prepare = (folder: string) => Promise<PreparedClient>;

/** How one client is called: a script of its own under `clients/`. */
export interface ClientKind {
  /** As its makers write it. */
  readonly name: string;
  /** Which time-out it was given, or why it has none. */
  readonly timeout: string;
  /** It has none that would be over in our time: the silent handler does not die of it. */
  readonly waits?: true;
  /** What it speaks; JSON and event streams of nobody in particular if it is not said. */
  readonly wire?: WireName;
  /** For what cannot ask for JSON. */
  readonly only?: 'events';
  /** For those whose shortest time-out is longer than ours. */
  readonly workMs?: number;
  /** Cases in place of those of the columns' names; other columns are not asked then. */
  readonly played?: Partial<Readonly<Record<ClientColumn, Case>>>;
  /** Where the client itself is at fault, as is known, in the words of the cell. */
  readonly known?: Partial<Readonly<Record<ClientColumn, RegExp>>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly prepare: Prepare;
  /** It speaks HTTP/2 over TLS: what is needed for that, where that is more. */
  readonly http2?: true | Prepare;
}

export interface PreparedClient {
  readonly version: string;
  /** The program and its first arguments; URL, mode and time-out follow. */
  readonly command: readonly [string, ...string[]];
}
