export { requestText } from '../../held/support/ask.js';
export { readHeldJson } from '../../held/support/payload.js';

export { until } from '../../held/support/wait.js';
export { begin } from './client.js';
export * from './desk.js';
export * from './mount.js';
export { NodeVoice, textOf } from './node-voice.js';
