import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http';
import type { Probe } from './journal.js';
import type { RequestName } from './requests.js';

export type Listener = (
  this: unknown,
  req: IncomingMessage,
  res: ServerResponse,
  ...extra: unknown[]
) => unknown;

/** One way in which handlers answer. */
export interface Shape {
  readonly title: string;
  readonly handler: (probe: Probe, req: IncomingMessage, res: ServerResponse) => unknown;
  /** Over HTTP/1 only: what it does has no meaning over HTTP/2, or Node refuses it there. */
  readonly http1Only?: boolean;
  /** Where not every request makes sense. */
  readonly requests?: readonly RequestName[];
  readonly server?: ServerOptions;
  /** For what is no option. */
  readonly configure?: (server: Server) => void;
  /** The server's event that the listener is for. */
  readonly event?: 'request' | 'checkContinue' | 'checkExpectation';
  /** Puts something around the listener, outside holdopen. */
  readonly around?: (listener: Listener) => Listener;
  readonly captureRejections?: boolean;
  /** More bytes than a socket buffers: how many steps they take is up to the system. */
  readonly big?: boolean;
}
