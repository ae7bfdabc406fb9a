/** How to start one proxy program with several fronts before the same server. */
export interface ProxyKind {
  /** As its makers write it. */
  readonly name: string;
  readonly program: string;
  /** The Debian package that has it. */
  readonly debian: string;
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
}

interface Place {
  /** Where the server is. */
  readonly target: number;
  /** Where the front of this name is to listen. */
  port(front: string): number;
  readonly folder: string;
  /** After so much silence the proxy is to give up: whole seconds, the least that all can count. */
  readonly idleSeconds: number;
}
