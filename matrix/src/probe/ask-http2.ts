import { connect, constants } from 'node:http2';
import { certificate } from '../server/certificate.js';
import type { Heard, Question } from './ask.js';
import { Hearing } from './hearing.js';

/** The names of HTTP/2's error codes, in their order (RFC 9113 section 7). */
const CODES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
];

export function askHttp2(question: Question): Promise<Heard> {
  const { url, method, accept } = question;
  const { origin, pathname } = new URL(url);
  const session = connect(origin, { ca: certificate.cert });
  const stream = session.request(
    {
      ':method': method,
      ':path': pathname,
      accept,
      // lighttpd refuses a POST without it.
      ...(method === 'POST' && { 'content-length': '2' }),
    },
    { endStream: method === 'GET' },
  );
  // A browser that closes a page resets its stream and keeps the connection.
  const hearing = new Hearing(question, () => {
    stream.close(constants.NGHTTP2_CANCEL);
    session.close();
  });
  let hasEnded = false;
  session.on('error', () => {});
  session.on('close', () =>
    hearing.settle(hearing.status === undefined ? 'none' : 'cut', 'connection gone'),
  );
  stream.on('error', () => {});
  stream.once('response', (headers) => {
    hearing.status = headers[':status'];
    hearing.headers = headers;
  });
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => hearing.arrive(text));
  stream.once('end', () => {
    // Node says it of a stream whose connection has gone, too.
    hasEnded = !session.destroyed;
  });
  // Node says `end` of a stream that was reset, too: the code alone tells.
  stream.once('close', () => {
    const code = stream.rstCode ?? constants.NGHTTP2_NO_ERROR;
    // NO_ERROR in the middle of a body is a clean end to most clients, as it is here: Node does not tell.
    if (code === constants.NGHTTP2_NO_ERROR && hasEnded && hearing.status !== undefined) {
      hearing.settle('clean');
      return;
    }
    const how =
      code === constants.NGHTTP2_NO_ERROR ? 'connection gone' : `RST_STREAM ${CODES[code] ?? code}`;
    hearing.settle(hearing.status === undefined ? 'none' : 'cut', how);
  });
  if (method === 'POST') stream.end('{}');
  return hearing.heard;
}
