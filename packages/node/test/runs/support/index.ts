export { type Question, type Reply, requestText } from '../../held/support/ask.js';
export { readHeldJson } from '../../held/support/payload.js';
export type { Served } from '../../held/support/serve.js';
export { until } from '../../held/support/wait.js';
export { begin, type Client } from './client.js';
export * from './desk.js';
export * from './mount.js';
export { NodeVoice, textOf } from './node-voice.js';
