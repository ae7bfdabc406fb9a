// It ships no types, and there are none in DefinitelyTyped.
declare module 'sse-channel' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  export default class SseChannel {
    constructor(options: { pingInterval: number });
    addClient(req: IncomingMessage, res: ServerResponse): void;
    send(message: string, clients: readonly ServerResponse[]): void;
  }
}
