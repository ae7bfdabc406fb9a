export { type Question, requestText } from '../../../node/test/held/support/ask.js';
export { anyPrefixParses, readHeldJson } from '../../../node/test/held/support/payload.js';
export { quiet, until } from '../../../node/test/held/support/wait.js';
export { warnings } from '../../../node/test/held/support/warnings.js';
export { askAll, begin } from './client.js';
export { held, reached } from './held.js';
export { ask, QUICK, type Reply, receive, requestOf, serveApp, type Way } from './ways.js';
