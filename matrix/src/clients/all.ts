import type { ClientKind } from './kind.js';
import {
  chromium,
  go,
  java,
  nodeFetch,
  npmPackage,
  python,
  RUNTIMES,
  runtime,
  tool,
} from './programs.js';

const UNDICI = 'its fetch: head and body 2 s';

/** In the order of the table. */
export const CLIENTS: readonly ClientKind[] = [
  {
    name: 'httpx',
    timeout: '`read` 2 s (default 5 s)',
    prepare: python('httpx', 'httpx_client.py', 'python3-httpx'),
    http2: python('httpx', 'httpx_client.py', 'python3-httpx, python3-h2', 'h2'),
  },
  {
    name: 'requests',
    timeout: '`read` 2 s',
    prepare: python('requests', 'requests_client.py', 'python3-requests'),
  },
  {
    name: 'aiohttp',
    timeout: '`sock_read` 2 s',
    prepare: python('aiohttp', 'aiohttp_client.py', 'python3-aiohttp'),
  },
  {
    name: 'urllib',
    timeout: '`timeout` 2 s',
    // Its `readline` takes an incomplete chunk for the end.
    known: { 'events-cut': /^ends as if whole: message first$/ },
    prepare: python('urllib.request', 'urllib_client.py', 'python3'),
  },
  {
    name: 'curl',
    timeout: '`--speed-time` 2 s, `--speed-limit` 1',
    // What it counts is the mean of the last seconds, the request among them.
    workMs: 8_000,
    prepare: tool('curl', 'curl.mjs'),
    http2: true,
  },
  { name: 'wget', timeout: '`--read-timeout` 2 s', prepare: tool('wget', 'wget.mjs') },
  { name: 'Go net/http', timeout: 'a deadline for each read, 2 s', prepare: go, http2: true },
  {
    name: 'Java HttpClient',
    timeout: '`timeout` 2 s (for the head)',
    prepare: java('HttpClientCall'),
  },
  {
    name: 'Java HttpURLConnection',
    timeout: '`setReadTimeout` 2 s',
    prepare: java('UrlConnectionCall'),
  },
  {
    name: 'Node fetch',
    timeout: 'head and body 2 s (default 300 s)',
    prepare: nodeFetch,
    http2: true,
  },
  {
    name: 'newest Node fetch',
    timeout: 'default, 300 s',
    waits: true,
    prepare: runtime(RUNTIMES.newestNode),
  },
  {
    name: 'undici request',
    timeout: 'head and body 2 s',
    prepare: npmPackage('undici', 'undici.mjs'),
    http2: true,
  },
  {
    name: 'axios',
    timeout: '`timeout` 2 s (for the head)',
    prepare: npmPackage('axios', 'axios.mjs'),
  },
  { name: 'got', timeout: '`socket` 2 s', prepare: npmPackage('got', 'got.mjs') },
  { name: 'ky', timeout: '`timeout` 2 s (for the head)', prepare: npmPackage('ky', 'ky.mjs') },
  {
    name: 'Bun fetch',
    // Its grain is coarse: 2 s are over after about 8 s.
    timeout: '`BUN_CONFIG_HTTP_IDLE_TIMEOUT` 2 s',
    env: { BUN_CONFIG_HTTP_IDLE_TIMEOUT: '2' },
    workMs: 10_000,
    prepare: runtime(RUNTIMES.bun),
  },
  {
    name: 'Deno fetch',
    timeout: 'has none',
    waits: true,
    prepare: runtime(RUNTIMES.deno, ['run', '-A']),
    // It takes no certificate of an authority for that of a server.
    http2: runtime(RUNTIMES.deno, [
      ...['run', '-A', '--unsafely-ignore-certificate-errors=127.0.0.1'],
    ]),
  },
  {
    name: 'Chromium fetch',
    timeout: 'has none',
    waits: true,
    prepare: chromium('chromium-fetch.mjs'),
    http2: true,
  },
  {
    name: 'Chromium EventSource',
    timeout: 'has none',
    only: 'events',
    prepare: chromium('chromium-eventsource.mjs'),
    http2: true,
  },
  {
    name: 'eventsource',
    timeout: UNDICI,
    only: 'events',
    prepare: npmPackage('eventsource', 'eventsource.mjs'),
  },
  {
    name: '@microsoft/fetch-event-source',
    timeout: UNDICI,
    only: 'events',
    known: {
      events: /^\d+ empty messages, message first, \d+ empty messages, message last$/,
      'events-late-known': /^\d+ empty messages, message first, \d+ empty messages, message last$/,
    },
    prepare: npmPackage('@microsoft/fetch-event-source', 'fetch-event-source.mjs'),
  },
  {
    name: "@microsoft/fetch-event-source, `frame: ':\\n'`",
    timeout: UNDICI,
    only: 'events',
    played: { events: 'events-bare-frame' },
    prepare: npmPackage('@microsoft/fetch-event-source', 'fetch-event-source.mjs'),
  },
  {
    name: 'httpx-sse',
    timeout: '`read` 2 s',
    only: 'events',
    prepare: python('httpx_sse', 'httpx_sse_client.py'),
  },
  {
    name: 'openai',
    timeout: UNDICI,
    wire: 'openai',
    prepare: npmPackage('openai', 'openai.mjs'),
  },
  {
    name: '@anthropic-ai/sdk',
    timeout: UNDICI,
    wire: 'anthropic',
    prepare: npmPackage('@anthropic-ai/sdk', 'anthropic.mjs'),
  },
  {
    name: 'ai (OpenAI-compatible provider)',
    timeout: UNDICI,
    wire: 'openai',
    prepare: npmPackage('ai', 'ai.mjs'),
  },
  {
    name: '@google/genai',
    timeout: UNDICI,
    wire: 'google',
    prepare: npmPackage('@google/genai', 'genai.mjs'),
  },
  {
    name: '@modelcontextprotocol/sdk',
    timeout: UNDICI,
    wire: 'mcp',
    prepare: npmPackage('@modelcontextprotocol/sdk', 'mcp.mjs'),
  },
];

/** Those that are asked through nginx, too, which ends a broken answer of HTTP/1.0 in its own way. */
export const THROUGH_NGINX: ReadonlySet<string> = new Set([
  'httpx',
  'requests',
  'curl',
  'Go net/http',
  'Node fetch',
  'Bun fetch',
  'Chromium fetch',
]);
