// Apps behind @hono/node-server over HTTP/2. A file of its own, for @hono/node-server puts classes of its own
// in the place of Request and Response.
import { describeAnswers } from './answers.js';
import { describeLife } from './life.js';
import { describeMiddleware } from './middleware.js';
import { describeStreams } from './streams.js';

describeAnswers('http2');
describeMiddleware('http2');
describeStreams('http2');
describeLife('http2');
