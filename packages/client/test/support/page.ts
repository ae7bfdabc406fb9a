// The client in a page: what a test has it do there, by name.
import {
  HoldOpenError,
  type HoldOptions,
  holdEvents,
  type PersistStorage,
} from '../../src/index.js';
import { ask } from './ask.js';
import { tellAnswer, tellEvents } from './told.js';

/** A task that a page watches, as far as it is. */
export interface Watched {
  readonly data: string[];
  readonly states: string[];
  /** `the end`, or the code of an error. */
  end?: string;
}

interface Watching {
  readonly url: string;
  readonly init: RequestInit;
  readonly holdOpen: HoldOptions;
  /** The name in `sessionStorage` under which it survives a reload. */
  readonly keptAs?: string;
}

declare const sessionStorage: PersistStorage;

const watched: Watched = { data: [], states: [] };
let login: Readonly<Record<string, string>> = {};
let ticks = 0;
setInterval(() => {
  ticks += 1;
}, 20);

async function watch({ url, init, holdOpen, keptAs }: Watching): Promise<void> {
  const events = holdEvents(url, {
    ...init,
    headers: () => ({ ...(init.headers as Record<string, string>), ...login }),
    holdOpen: {
      ...holdOpen,
      ...(keptAs !== undefined && { persist: { storage: sessionStorage, name: keptAs } }),
      onState: ({ state }) => watched.states.push(state),
    },
  });
  try {
    for await (const { data } of events) watched.data.push(data);
    watched.end = 'the end';
  } catch (error) {
    watched.end = error instanceof HoldOpenError ? error.code : `${error}`;
  }
}

export const inPage = {
  ask,
  /** An error leaves a page as its text alone: the code is put into it. */
  tellAnswer: (...given: Parameters<typeof tellAnswer>) =>
    tellAnswer(...given).catch((error) => {
      throw new Error(`${error?.code}: ${error}`);
    }),
  tellEvents,
  /** Begins to watch a task, and does not wait for it. */
  watch: (watching: Watching): void => void watch(watching),
  watched: (): Watched => watched,
  /** What later attempts of a watched task say of who asks. */
  logIn(headers: Readonly<Record<string, string>>): void {
    login = headers;
  },
  /** As `tellAnswer`, and kept in `sessionStorage`. */
  tellKeptAnswer: (url: string, keptAs: string, init: RequestInit) =>
    tellAnswer(url, { ...init, holdOpen: { persist: { storage: sessionStorage, name: keptAs } } }),
  kept: (name: string) => sessionStorage.getItem(name),
  /** How often a timer came. */
  ticks: (): number => ticks,
};

export type InPage = typeof inPage;

Reflect.set(globalThis, 'inPage', inPage);
