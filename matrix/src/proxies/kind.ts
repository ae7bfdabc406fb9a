import type { Known } from '../probe/weigh.js';

/** How to start one proxy program with several fronts before the same server. */
export interface ProxyKind {
  /** As its makers write it. */
  readonly name: string;
  readonly program: string;
  /** The Debian package that has it. */
  readonly debian: string;
  /** A part of it that comes in a package of its own, by its file. */
  readonly part?: { readonly file: string; readonly debian: string };
  /** Arguments that make it say its version. */
  readonly version: readonly string[];
  /** One front for each set-up; what it is called in the table. */
  readonly fronts: readonly Front[];
  /** Files of its configuration, by their names in a folder of its own. */
  configure(place: Place): Readonly<Record<string, string>>;
  args(place: Place): readonly string[];
}

interface Front {
  /** What differs from the proxy's defaults; empty for the defaults. */
  readonly name: string;
  /** The client offers gzip, as browsers do. */
  readonly acceptsGzip?: true;
  /** What it does to an answer, and holdopen cannot better. */
  readonly known?: Known;
}

/** Where our server is that stands behind a proxy. */
export interface Targets {
  /** Its port for HTTP/1. */
  readonly target: number;
  /** Its port for HTTP/2 without TLS, for proxies that speak it to servers. */
  readonly targetHttp2: number;
  /** After so much silence the proxy is to give up: whole seconds, the least that all can count. */
  readonly idleSeconds: number;
}

export interface Place extends Targets {
  /** Where the front of this name is to listen. */
  port(front: string): number;
  readonly folder: string;
}
