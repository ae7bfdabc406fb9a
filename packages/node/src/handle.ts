import type { RequestHold } from '@holdopen/fetch';

declare module 'node:http' {
  interface IncomingMessage {
    /** The hold of this request's response, or its run, where holdopen is mounted. */
    holdOpen?: RequestHold;
  }
}

declare module 'node:http2' {
  interface Http2ServerRequest {
    /** The hold of this request's response, or its run, where holdopen is mounted. */
    holdOpen?: RequestHold;
  }
}
