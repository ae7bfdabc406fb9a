import type { RequestHold } from '@holdopen/node';
import type { FastifyHoldOpenOptions } from './options.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The hold of this request's reply, or its run. Where nothing is held it works and does nothing. */
    readonly holdOpen: RequestHold;
  }

  interface FastifyContextConfig {
    /**
     * Holds this route's replies, with the plugin's options or with options of its own over them.
     * `false` leaves the route alone.
     */
    holdOpen?: FastifyHoldOpenOptions | boolean | undefined;
  }
}
