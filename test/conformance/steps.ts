// The small language in which a row says what its handler does. Each app speaks it in the idiom of
// its framework (`Voice` in play.ts).

/** What happens inside a streamed body. */
export type Piece =
  | string
  | Uint8Array
  | { readonly do: 'bulk'; readonly bytes: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'beats'; readonly count: number }
  | { readonly do: 'gate' }
  | { readonly do: 'state'; readonly state: string }
  | { readonly do: 'fail'; readonly status: number | undefined };

type Preparation =
  | { readonly do: 'status'; readonly status: number }
  | { readonly do: 'header'; readonly name: string; readonly value: string }
  | { readonly do: 'cookie'; readonly name: string; readonly value: string }
  | { readonly do: 'session'; readonly visits: number }
  | { readonly do: 'state'; readonly state: string }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'beats'; readonly count: number }
  | { readonly do: 'gate' }
  | { readonly do: 'read' }
  | { readonly do: 'touch'; readonly times: number; readonly everyMs: number }
  | { readonly do: 'watch' }
  | { readonly do: 'aborted' }
  | { readonly do: 'note' }
  | { readonly do: 'fail'; readonly status: number | undefined };

type Ending =
  | { readonly do: 'json'; readonly value: unknown }
  | { readonly do: 'echo' }
  | { readonly do: 'send'; readonly type: string; readonly body: string | Uint8Array }
  | { readonly do: 'empty' }
  | { readonly do: 'redirect'; readonly status: number; readonly to: string }
  | { readonly do: 'stream'; readonly type: string; readonly pieces: readonly Piece[] }
  | { readonly do: 'events'; readonly data: readonly string[]; readonly everyMs: number }
  | { readonly do: 'etagged'; readonly etag: string | undefined; readonly value: unknown }
  | { readonly do: 'file' }
  | { readonly do: 'never' };

export type Step = Preparation | Ending;
/** Steps, of which the last is an ending or fails. */
export type Script = readonly Step[];

export const status = (code: number): Step => ({ do: 'status', status: code });
export const header = (name: string, value: string): Step => ({ do: 'header', name, value });
export const cookie = (name: string, value: string): Step => ({ do: 'cookie', name, value });
/** Writes to the session of the row's middleware. */
export const session = (visits: number): Step => ({ do: 'session', visits });
/** Until the hold is in this state. */
export const state = (name: string) => ({ do: 'state', state: name }) as const;
/** Until the head has been sent in the handler's place. */
export const held = state('held');
export const wait = (ms: number) => ({ do: 'wait', ms }) as const;
/** Until so many more beats have left. */
export const beats = (count: number) => ({ do: 'beats', count }) as const;
/** So many letters x. */
export const bulk = (bytes: number) => ({ do: 'bulk', bytes }) as const;
/** Until the test opens it. */
export const gate = { do: 'gate' } as const;
/** Reads the request's body. */
export const read: Step = { do: 'read' };
export const touch = (times: number, everyMs: number): Step => ({ do: 'touch', times, everyMs });
/** Notes when the signal fires, and why. */
export const watch: Step = { do: 'watch' };
/** Until the signal has fired. */
export const aborted: Step = { do: 'aborted' };
/** Notes the hold's id and state. */
export const note: Step = { do: 'note' };
/** Throws, with a status for frameworks that look at it. */
export const fail = (code?: number) => ({ do: 'fail', status: code }) as const;

export const json = (value: unknown): Step => ({ do: 'json', value });
/** JSON of what the request was. */
export const echo: Step = { do: 'echo' };
export const send = (type: string, body: string | Uint8Array): Step => ({ do: 'send', type, body });
export const empty: Step = { do: 'empty' };
export const redirect = (code: number, to: string): Step => ({ do: 'redirect', status: code, to });
export const stream = (type: string, ...pieces: Piece[]): Step => ({ do: 'stream', type, pieces });
/** By the framework's own helper for event streams, where it has one. */
export const events = (everyMs: number, ...data: string[]): Step => ({
  do: 'events',
  data,
  everyMs,
});
/**
 * JSON with an ETag, its own or the framework's, by whatever answers a conditional request in this
 * framework.
 */
export const etagged = (value: unknown, etag?: string): Step => ({ do: 'etagged', etag, value });
/** `files/document.json`, by whatever answers a Range request in this framework. */
export const file: Step = { do: 'file' };
export const never: Step = { do: 'never' };

export const EVENT_STREAM = 'text/event-stream';
