export type Argument = string | Buffer;

/** Open connections to one server or to one cluster. Used until they fail, then thrown away. */
export interface Link {
  /** The key says which server of a cluster is asked. */
  send(key: string, command: readonly Argument[]): Promise<unknown>;
  /** The same answer of every server that keeps data. */
  sendToAll(command: readonly Argument[]): Promise<readonly unknown[]>;
  /** Resolves when every later message will come. */
  listen(channel: string, hear: (message: string) => void): Promise<void>;
  unlisten(channel: string): Promise<void>;
  destroy(): void;
}

export interface LinkEvents {
  /** The link is of no use any more. */
  broke(error: unknown): void;
  /** A connection was replaced within the link: messages may have been missed. */
  mended(): void;
}

/** @throws whatever the client throws when it cannot connect */
export type OpenLink = (events: LinkEvents) => Promise<Link>;
