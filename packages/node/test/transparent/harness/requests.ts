/** What a client sends on one connection, each request once the last has been answered. */
export interface Conversation {
  readonly requests: readonly string[];
  /** All at once. */
  readonly pipelined?: boolean;
}

const HOST = 'Host: test.example\r\n';
const BODY = 'name=value&text=body of the request';

function get(head: string, version = '1.1'): string {
  return `GET /path?query=1 HTTP/${version}\r\n${HOST}${head}\r\n`;
}

function post(head: string, body: string): string {
  return `POST /path HTTP/1.1\r\n${HOST}Content-Type: text/plain\r\n${head}\r\n${body}`;
}

const length = `Content-Length: ${BODY.length}\r\n`;

export const CONVERSATIONS = {
  GET: { requests: [get('')] },
  'GET of JSON': { requests: [get('Accept: application/json\r\n')] },
  'GET of an event stream': { requests: [get('Accept: text/event-stream\r\n')] },
  HEAD: { requests: [get('').replace('GET', 'HEAD')] },
  OPTIONS: { requests: [get('').replace('GET', 'OPTIONS')] },
  'POST with a body': { requests: [post(length, BODY)] },
  'POST with chunks and trailers': {
    requests: [
      post(
        'Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n',
        '4\r\nbody\r\n5\r\n of i\r\n0\r\nX-Sum: 1a2b\r\n\r\n',
      ),
    ],
  },
  'POST that expects 100-continue': {
    requests: [post(`${length}Expect: 100-continue\r\n`, BODY)],
  },
  'POST that expects something else': { requests: [post(`${length}Expect: miracles\r\n`, BODY)] },
  'HTTP/1.0': { requests: [get('', '1.0')] },
  'HTTP/1.0 with keep-alive': { requests: [get('Connection: keep-alive\r\n', '1.0')] },
  'Connection: close': { requests: [get('Connection: close\r\n')] },
  'two requests on one connection': { requests: [get(''), get('')] },
  'POST, then GET on one connection': { requests: [post(length, BODY), get('')] },
  'pipelined requests': { requests: [get(''), post(length, BODY), get('')], pipelined: true },
  'If-None-Match': {
    requests: [get('If-None-Match: "tag"\r\nIf-Modified-Since: Mon, 01 Jan 2024 00:00:00 GMT\r\n')],
  },
  Range: { requests: [get('Range: bytes=2-5\r\nIf-Range: "tag"\r\n')] },
  'Accept-Encoding': { requests: [get('Accept-Encoding: gzip, br\r\n')] },
} as const satisfies Record<string, Conversation>;

export type RequestName = keyof typeof CONVERSATIONS;
export const REQUEST_NAMES = Object.keys(CONVERSATIONS) as RequestName[];

/** For failures after which Node itself lets the next request on the connection wait for ever. */
export const NOT_PIPELINED: readonly RequestName[] = REQUEST_NAMES.filter(
  (name) => name !== 'pipelined requests' && name !== 'POST that expects something else',
);
