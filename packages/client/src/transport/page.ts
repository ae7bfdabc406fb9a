// A browser follows redirects itself, and does not say how a connection failed: a page loads less.
import type { FetchInput } from '../fetch-types.js';
import type { FailureKind } from './failure.js';

export function fetchAtHome(
  fetch: typeof globalThis.fetch,
  input: FetchInput,
  init: RequestInit,
): Promise<Response> {
  return fetch(input, init);
}

/** Chromium, Firefox and WebKit, before the head and in the body; and a `fetch` that a test puts there. */
export const SIGNS: readonly (readonly [FailureKind, RegExp])[] = [
  [
    'network',
    /fail(?:ed)? to fetch|fetch failed|load failed|network ?(?:error|connection)|(?:input|body) stream|offline|terminated|closed/i,
  ],
];

/** Name and message, without addresses and hosts, which say anything; nothing stands behind them. */
export function wordsOf(error: unknown): string {
  const { name, message } = Object(error) as Error;
  return `${name} ${message}`.replace(/\w+:\/\/\S+|\(.*?\)/g, '');
}

/** The others are never told apart here. */
export const WORDS: Readonly<Partial<Record<FailureKind, string>>> = {
  closed: 'the connection was closed',
  stalled: 'nothing came any more',
  truncated: 'the answer ended incomplete',
  protocol: 'what came makes no sense',
  network: 'the network failed',
};

/** Nothing says so, ever. */
export function neverLeft(): boolean {
  return false;
}
