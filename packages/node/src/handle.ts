import type { HoldHandle } from '@holdopen/core';

declare module 'node:http' {
  interface IncomingMessage {
    /** The hold of this request's response, where holdopen is mounted. */
    holdOpen?: HoldHandle;
  }
}

declare module 'node:http2' {
  interface Http2ServerRequest {
    /** The hold of this request's response, where holdopen is mounted. */
    holdOpen?: HoldHandle;
  }
}
