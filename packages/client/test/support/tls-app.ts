import { createSecureServer } from 'node:http2';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { certificate } from '../../../node/test/held/support/certificate.js';
import { ANSWERS, APPS, type App } from './apps.js';
import { afterBeats } from './gate.js';
import type { Told } from './told.js';

export type Version = '1.1' | '2.0';

/** Every app over every version of HTTP that it speaks. */
export const CELLS = APPS.flatMap(([name, app]) =>
  // Express does not speak HTTP/2.
  (name === 'Express' ? (['1.1'] as const) : (['1.1', '2.0'] as const)).map((version) => ({
    ...{ name, app, version },
  })),
);

/** An app on TLS that speaks one version of HTTP. */
export class TlsApp implements AsyncDisposable {
  readonly url: string;
  /** Of all requests. */
  readonly versions: Set<string>;
  readonly #close: () => void;

  private constructor(url: string, versions: Set<string>, close: () => void) {
    this.url = url;
    this.versions = versions;
    this.#close = close;
  }

  static async start(app: App, version: Version): Promise<TlsApp> {
    const { gate, onBeat } = afterBeats(2);
    const listener = await app(gate.opened, onBeat);
    const versions = new Set<string>();
    // The compatibility API of HTTP/2 is called as HTTP/1's is; the types do not know it.
    const listen = (request: { httpVersion: string }, response: unknown): void => {
      versions.add(request.httpVersion);
      Reflect.apply(listener, undefined, [request, response]);
    };
    const server =
      version === '2.0'
        ? createSecureServer({ ...certificate }, listen)
        : createServer({ ...certificate }, listen);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return new TlsApp(`https://localhost:${port}`, versions, () => {
      gate.open();
      server.close();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close();
  }
}

/** What the client has to say of each answer of the apps. */
export const ANSWERS_TOLD: readonly (readonly [path: string, told: Partial<Told>])[] =
  Object.entries(ANSWERS).map(([path, { status, headers, body }]) => [
    path,
    {
      status,
      isHeld: true,
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
      ),
      text: body === undefined ? '' : JSON.stringify(body),
      isOk: status < 400,
    },
  ]);

/** And of their events. */
export const EVENTS_TOLD = [
  [undefined, '1', 'a'],
  ['b', undefined, 'two\nlines'],
];
