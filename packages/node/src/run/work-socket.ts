import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';

/** What says where a request came from, also when its connection has gone. */
const ADDRESSES = [
  ...(['remoteAddress', 'remotePort', 'remoteFamily', 'localAddress', 'localPort'] as const),
  ...(['encrypted', 'authorized', 'alpnProtocol', 'servername'] as const),
];

/**
 * The socket as the work of a run sees it on its request: one that nothing happens to. Whoever destroys
 * it gives up the work, as frameworks do that cannot answer any more; the connection is the first
 * client's, and is left alone.
 */
export function workSocket(socket: Socket, fail: (error: unknown) => void): Socket {
  const listeners = new EventEmitter();
  const own: Record<string, unknown> = {
    readable: true,
    writable: true,
    destroyed: false,
    closed: false,
    readyState: 'open',
  };
  for (const name of ADDRESSES) own[name] = Reflect.get(socket, name);
  const give = (error?: unknown): unknown => {
    own.destroyed = true;
    fail(error ?? new Error('The connection was destroyed by the application.'));
    return face;
  };
  for (const name of ['destroy', 'destroySoon', 'resetAndDestroy', 'end']) own[name] = give;
  for (const name of [...OF_AN_EMITTER, 'emit'] as const) {
    own[name] = (...args: unknown[]): unknown => {
      const result: unknown = Reflect.apply(listeners[name], listeners, args);
      return result === listeners ? face : result;
    };
  }
  // The time-outs and options of the connection are none of a run.
  for (const name of IGNORED) own[name] = () => face;
  const face: Socket = new Proxy(socket, {
    get(target, name) {
      if (typeof name === 'string' && Object.hasOwn(own, name)) return own[name];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
    set(target, name, value) {
      if (typeof name === 'string' && Object.hasOwn(own, name)) own[name] = value;
      else Reflect.set(target, name, value, target);
      return true;
    },
  });
  return face;
}

/** Without `emit`, which Node itself calls. */
export const OF_AN_EMITTER = [
  ...(['on', 'once', 'addListener', 'prependListener', 'prependOnceListener'] as const),
  ...(['off', 'removeListener', 'removeAllListeners', 'listeners'] as const),
  ...(['rawListeners', 'listenerCount', 'eventNames', 'setMaxListeners'] as const),
];

const IGNORED = ['setTimeout', 'setKeepAlive', 'setNoDelay', 'ref', 'unref', 'pause', 'resume'];
