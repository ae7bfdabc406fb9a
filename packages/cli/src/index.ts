export { createProgram, EXIT } from './program.js';
export { ProxyOptionError } from './proxy/errors.js';
export type { AccessLog, ProxyOptions, ProxyOutput } from './proxy/options.js';
export { createProxy, type RunningProxy } from './proxy/proxy.js';
export type { HoldSettings, ProxyRoute } from './proxy/routes.js';
export type { Terminal } from './terminal.js';
