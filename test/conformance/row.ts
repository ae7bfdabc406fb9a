// What a row of the table is.
import type { HoldOpenOptions } from '@holdopen/core';
import type { Cell } from './cell.js';
import type { Question, Reply } from './client/exchange.js';
import type { Script } from './steps.js';
import type { Target } from './targets.js';

/** What options of a row may use; they run inside the app. */
export interface Tools {
  /** Notes for `observed`, under the row and target that the request belongs to. */
  note(request: unknown, what: string, details?: Record<string, unknown>): void;
  header(request: unknown, name: string): string | undefined;
}

// Each framework hands its own request to hooks; rows look at it through their tools.
export type RowOptions = HoldOpenOptions<unknown>;

/** Around the handler, each in the framework's own way. */
type Surrounding =
  /** For https://page.example, with `x-seen` exposed. */
  | 'cors'
  | 'session'
  /** Between holdOpen and the handler. */
  | 'compression inside'
  /** Around holdOpen. */
  | 'compression outside'
  /** Answers 418 and `{"handled":…}` to whatever the handler throws. */
  | 'error handler'
  /** Notes the status that a logger sees at the end. */
  | 'logger';

/** Targets on which a row does not apply. A missing member stands for all. */
export interface Exception {
  readonly where: Partial<Omit<Target, 'id'>>;
  readonly because: string;
}

export interface Row {
  /** Stands in host names: lower-case letters, digits and dashes. */
  readonly id: string;
  /** A sentence about behaviour. */
  readonly title: string;
  /** `both`: on the route, with the row's options, inside a global one that would not beat in time. */
  readonly mount?: 'route' | 'global' | 'both';
  /** Beyond `firstBeatMs: 20, intervalMs: 60`. */
  readonly options?: RowOptions | ((tools: Tools) => RowOptions);
  /** The hooks are the row's own alone, so that a missing one is missing. */
  readonly bareHooks?: boolean;
  readonly around?: readonly Surrounding[];
  readonly script: Script;
  /** The one request of `check`. */
  readonly ask?: Question;
  readonly check?: (reply: Reply, cell: Cell) => void | Promise<void>;
  /** For rows that need more than one request, or a special one. */
  readonly run?: (cell: Cell) => Promise<void>;
  /** Mounts that must be refused, by a name for each. Values of any kind, for they are wrong. */
  readonly refused?: Readonly<Record<string, unknown>>;
  /**
   * `alone`: it minds how many others there are. `last`: nothing works behind it. `off`: in a process
   * with HOLDOPEN=off.
   */
  readonly when?: 'alone' | 'last' | 'off';
  readonly not?: readonly Exception[];
  /** Where it ought to hold and does not yet. Once mended, the test says so. */
  readonly faults?: readonly Exception[];
}

export interface Group {
  readonly title: string;
  readonly rows: readonly Row[];
}
