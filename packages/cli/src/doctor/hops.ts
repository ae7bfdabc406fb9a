import { type HeaderLine, headerOf } from './exchange/plan.js';
import { TIME_OUTS, type TimeOut } from './time-outs.js';

/** Something between the client and the server that has left a trace. */
export interface Hop {
  readonly id: string;
  readonly name: string;
  /** What makes it pass beats on as they come; `undefined` if nothing is known to. */
  readonly cure: string | undefined;
  /** The same where it has compressed the body. */
  readonly codedCure: string | undefined;
}

interface KnownHop extends Hop {
  /** Fields of the head that name it. A lone name: that there is such a field. */
  readonly fields: readonly (readonly [name: string, value?: RegExp])[];
  /** What its own pages of errors say. */
  readonly page?: RegExp;
}

const hop = (
  id: string,
  name: string,
  fields: KnownHop['fields'],
  more: { cure?: string; codedCure?: string; page?: RegExp } = {},
): KnownHop => ({ id, name, fields, cure: undefined, codedCure: more.cure, ...more });

/** The more special ones first. */
const KNOWN: readonly KnownHop[] = [
  hop('cloudflare', 'Cloudflare', [['cf-ray'], ['server', /^cloudflare/i]], {
    cure: 'let the answer have Cache-Control: no-transform, and take away rules that rewrite bodies',
  }),
  hop('cloudfront', 'CloudFront', [['x-amz-cf-id'], ['via', /cloudfront/i]]),
  hop('api-gateway', 'AWS API Gateway', [['x-amz-apigw-id'], ['apigw-requestid']], {
    cure: 'responseTransferMode: STREAM',
  }),
  hop('alb', 'AWS load balancer', [['server', /^awselb/i]]),
  hop('fastly', 'Fastly', [['x-served-by', /^cache-/i]], {
    cure: 'set beresp.do_stream = true',
  }),
  hop('heroku', 'Heroku', [
    ['via', /heroku|vegur/i],
    ['server', /^heroku/i],
  ]),
  hop('google', 'Google Cloud', [
    ['via', /\bgoogle\b/i],
    ['server', /^google frontend/i],
  ]),
  hop('azure', 'Azure', [['x-azure-ref'], ['x-ms-middleware-request-id']]),
  hop('vercel', 'Vercel', [['x-vercel-id']]),
  hop('netlify', 'Netlify', [['x-nf-request-id']]),
  hop('fly', 'Fly.io', [['fly-request-id'], ['server', /^fly\//i]]),
  hop('render', 'Render', [['x-render-origin-server'], ['rndr-id']]),
  hop('railway', 'Railway', [['x-railway-request-id'], ['server', /^railway/i]]),
  hop('envoy', 'Envoy', [['x-envoy-upstream-service-time'], ['server', /envoy/i]], {
    cure: 'take the buffer filter off the route',
    codedCure: 'take the compressor filter off the route',
    page: /^(?:upstream request timeout|stream timeout)/,
  }),
  hop('varnish', 'Varnish', [['x-varnish'], ['via', /varnish/i]], {
    cure: 'in vcl_backend_response set beresp.do_gzip = false and beresp.do_stream = true',
    page: /Varnish cache server|Guru Meditation/,
  }),
  hop('squid', 'Squid', [['x-squid-error'], ['via', /squid/i], ['server', /^squid/i]]),
  hop('ats', 'Apache Traffic Server', [
    ['server', /^ATS/],
    ['via', /ApacheTrafficServer/i],
  ]),
  hop('nginx', 'nginx', [['server', /^(?:nginx|openresty|tengine)/i]], {
    cure: 'proxy_buffering off, and X-Accel-Buffering not in proxy_ignore_headers',
    codedCure:
      'gzip off (or brotli off) for this type, and X-Accel-Buffering not in proxy_ignore_headers',
    page: /<center>(?:nginx|openresty|tengine)/i,
  }),
  hop(
    'caddy',
    'Caddy',
    [
      ['server', /^caddy/i],
      ['via', /caddy/i],
    ],
    {
      cure: 'flush_interval -1 in reverse_proxy',
      codedCure: 'take this type out of encode (its match)',
    },
  ),
  hop('lighttpd', 'lighttpd', [['server', /^lighttpd/i]], {
    cure: 'server.stream-response-body = 1',
  }),
  hop('apache', 'Apache httpd', [['server', /^apache/i]], {
    cure: 'flushpackets=on at its ProxyPass, and no mod_buffer',
    page: /<address>Apache/,
  }),
  hop('h2o', 'h2o', [['server', /^h2o/i]]),
  hop('nghttpx', 'nghttpx', [
    ['server', /nghttpx/i],
    ['via', /nghttpx/i],
  ]),
  hop('iis', 'IIS', [['server', /^microsoft-iis/i]], {
    cure: 'responseBufferLimit="0" of Application Request Routing',
  }),
  // It leaves no trace but on its own pages.
  hop('haproxy', 'HAProxy', [], {
    codedCure: 'take this type out of compression type',
    page: /<h1>50[234] [\w -]+<\/h1>\s+(?:The server didn't respond in time|The server returned an invalid or incomplete response|No server is available)/,
  }),
];

/** Who has left a trace in the head, or has written the page. */
export function hopsOf(headers: readonly HeaderLine[], page: string): Hop[] {
  return KNOWN.filter(
    ({ fields, page: pattern }) =>
      pattern?.test(page) === true ||
      fields.some(([name, value = /./]) => value.test(headerOf(headers, name) ?? '')),
  ).map(({ id, name, cure, codedCure }) => ({ id, name, cure, codedCure }));
}

/** Whether a page of an error is a hop's own. */
export function wrotePage({ id }: Hop, page: string): boolean {
  return KNOWN.find((known) => known.id === id)?.page?.test(page) === true;
}

/** The known time-outs of those that have left a trace. */
export function timeOutsOf(hops: readonly Hop[]): TimeOut[] {
  return TIME_OUTS.filter(({ hop: id }) => hops.some((one) => one.id === id));
}
