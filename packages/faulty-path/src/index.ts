export { createIdleProxy, type IdleProxy, type IdleProxyOptions } from './idle-proxy.js';
