/** What the doctor asks, and for how long it waits. */
export interface Plan {
  readonly url: URL;
  readonly method: string;
  /** As they are sent, but for `Host` and `Content-Length`, which are made where they are missing. */
  readonly headers: readonly HeaderLine[];
  readonly body: Buffer | undefined;
  /** `any`: what a TLS server chooses, and HTTP/1.1 without TLS. */
  readonly httpVersion: 'any' | '1.1' | '2';
  /** Take any certificate. */
  readonly isInsecure: boolean;
  /** The origin of a page that would ask: its CORS is looked at, too. */
  readonly origin: string | undefined;
  /** Whether that page sends cookies. */
  readonly hasCredentials: boolean;
  /** From the dialling on. */
  readonly maxWaitMs: number;
  /** So many beats are enough to judge by; `undefined`: wait for the end. */
  readonly enoughBeats: number | undefined;
  /** Idle time-outs on the way that whoever asks knows of. */
  readonly idleLimitsMs: readonly number[];
}

export type HeaderLine = readonly [name: string, value: string];

/** The value of a header, joined if it came more than once; names are compared in any case. */
export function headerOf(headers: readonly HeaderLine[], name: string): string | undefined {
  const values = headers
    .filter(([given]) => given.toLowerCase() === name)
    .map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(', ');
}

/** The content coding of a body, in lower case; `undefined` if it has none. */
export function codingOf(headers: readonly HeaderLine[]): string | undefined {
  const coding = headerOf(headers, 'content-encoding')?.trim().toLowerCase();
  return coding === '' || coding === 'identity' ? undefined : coding;
}
