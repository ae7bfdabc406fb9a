// The clients that show what stands on the wire are those of the Node adapter's own tests.
export {
  ask,
  type Question,
  type Reply,
  requestText,
} from '../../../node/test/held/support/ask.js';
export {
  anyPrefixParses,
  readHeldJson,
} from '../../../node/test/held/support/payload.js';
export { QUICK, type Served, serve } from '../../../node/test/held/support/serve.js';
export { held, quiet, until } from '../../../node/test/held/support/wait.js';
export { warnings } from '../../../node/test/held/support/warnings.js';
export { type RawClient, readResponse } from '../../../node/test/held/support/wire.js';
export { heldApp, post } from './held-app.js';
export {
  type ExpressModule,
  type ExpressVersion,
  installedVersion,
  VERSIONS,
} from './versions.js';
