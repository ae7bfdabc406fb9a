import { Agent } from 'undici';
import { expectTypeOf, test } from 'vitest';
import {
  AnswerError,
  type FailureKind,
  type HeadersContext,
  type HoldEvent,
  HoldOpenError,
  type HoldOpenErrorCode,
  type HoldRequestInit,
  type HoldResponse,
  type HoldState,
  holdEvents,
  holdFetch,
  OptionError,
  type Outcome,
  TransportError,
} from '../src/index.js';
import { createAgent, createFetch } from '../src/node.js';

// Each stands in a function that nobody calls: it need only compile.

test('holdFetch takes what fetch takes, and gives a Response', () => {
  expectTypeOf(holdFetch).toExtend<typeof fetch>();
  expectTypeOf(holdFetch).returns.resolves.toEqualTypeOf<HoldResponse>();
  expectTypeOf<HoldResponse>().toExtend<Response>();
  () => holdFetch(new URL('http://localhost/'), { method: 'POST', body: new FormData() });
  () => holdFetch(new Request('http://localhost/'), { signal: AbortSignal.timeout(1_000) });
});

test('it stands wherever a library asks for a fetch of one’s own', () => {
  class Sdk {
    constructor(readonly options: { fetch?: typeof globalThis.fetch }) {}
  }
  () => new Sdk({ fetch: holdFetch });
});

test('headers may be a function, which is told of the attempt', () => {
  const init: HoldRequestInit = {
    headers: async (context) => {
      expectTypeOf(context).toEqualTypeOf<HeadersContext>();
      expectTypeOf(context.isRefused).toBeBoolean();
      return { authorization: `Bearer ${context.attempt}` };
    },
  };
  expectTypeOf(init).not.toBeAny();
});

test('a body has the type of Response’s, and its outcome is told apart by ok', () => {
  async () => {
    const response = await holdFetch('http://localhost/');
    expectTypeOf(response.json).toEqualTypeOf<Response['json']>();
    expectTypeOf(response.clone()).toEqualTypeOf<HoldResponse>();
    const outcome: Outcome | undefined = response.holdOpen?.outcome;
    if (outcome?.ok === false) {
      expectTypeOf(outcome.error).toEqualTypeOf<HoldOpenError | undefined>();
    }
    // @ts-expect-error a success has no error
    if (outcome?.ok === true) outcome.error;
  };
});

test('holdEvents gives events with their cursors, one by one', () => {
  async () => {
    for await (const event of holdEvents('http://localhost/events')) {
      expectTypeOf(event).toEqualTypeOf<HoldEvent>();
      expectTypeOf(event.data).toBeString();
      expectTypeOf(event.event).toEqualTypeOf<string | undefined>();
      expectTypeOf(event.cursor).toEqualTypeOf<string | undefined>();
    }
  };
  () =>
    holdEvents('http://localhost/events', {
      holdOpen: {
        isTerminal: (event) => {
          expectTypeOf(event).toEqualTypeOf<HoldEvent>();
          return event.data === '[DONE]';
        },
      },
    });
});

test('what is only of the one is not taken by the other', () => {
  // @ts-expect-error an event stream has no JSON to check
  () => holdEvents('http://localhost/', { holdOpen: { json: 'trust' } });
  // @ts-expect-error only an event can be the last
  () => holdFetch('http://localhost/', { holdOpen: { isTerminal: () => true } });
});

test('what it does not take does not compile', () => {
  // @ts-expect-error an unknown option
  () => holdFetch('http://localhost/', { holdOpen: { timeout: 1_000 } });
  // @ts-expect-error true is no number of attempts
  () => holdFetch('http://localhost/', { holdOpen: { retry: true } });
  const storage = new Map<string, string>();
  // @ts-expect-error a storage has getItem, setItem and removeItem
  () => holdFetch('http://localhost/', { holdOpen: { persist: { storage, name: 'a' } } });
  // @ts-expect-error localStorage is given by itself, not by its name
  () => holdFetch('http://localhost/', { holdOpen: { persist: 'localStorage' } });
});

/** A page's; Node 20 has none. */
declare const sessionStorage: {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
};

test('states are told to onState, and a storage may be asynchronous', () => {
  () =>
    holdFetch('http://localhost/', {
      holdOpen: {
        onState(state) {
          expectTypeOf(state).toEqualTypeOf<HoldState>();
          expectTypeOf(state.run?.url).toEqualTypeOf<string | undefined>();
        },
        persist: { storage: sessionStorage, name: 'summary' },
      },
    });
  () =>
    holdFetch('http://localhost/', {
      holdOpen: {
        persist: {
          name: 'summary',
          storage: {
            getItem: async () => null,
            setItem: async () => {},
            removeItem: async () => {},
          },
        },
      },
    });
});

test('errors are told apart by their class and by their code', () => {
  const told = (error: unknown): string | undefined => {
    if (error instanceof TransportError) {
      expectTypeOf(error.failure).toEqualTypeOf<FailureKind>();
    }
    if (error instanceof AnswerError) {
      expectTypeOf(error.status).toEqualTypeOf<number | undefined>();
    }
    if (error instanceof OptionError) expectTypeOf(error.option).toBeString();
    if (!(error instanceof HoldOpenError)) return undefined;
    expectTypeOf(error.code).toEqualTypeOf<HoldOpenErrorCode>();
    return error.run?.url;
  };
  expectTypeOf(told).toBeFunction();
});

test('Node’s agent is undici’s, and its fetch stands in for the global one', () => {
  expectTypeOf(createAgent).parameter(0).toEqualTypeOf<Agent.Options | undefined>();
  expectTypeOf(createAgent).returns.toEqualTypeOf<Agent>();
  expectTypeOf(createFetch).returns.toEqualTypeOf<typeof globalThis.fetch>();
  // @ts-expect-error options are given to createAgent
  () => createFetch({ connections: 5 });
  () => holdFetch('http://localhost/', { holdOpen: { fetch: createFetch(new Agent()) } });
});
