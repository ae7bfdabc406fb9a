import { HIDES_CUTS } from '../probe/weigh.js';
import type { ProxyKind } from './kind.js';

export const caddy: ProxyKind = {
  name: 'Caddy',
  program: 'caddy',
  debian: 'caddy',
  version: ['version'],
  fronts: [
    { name: '', known: HIDES_CUTS },
    { name: 'encode gzip', acceptsGzip: true, known: HIDES_CUTS },
  ],
  configure: ({ target, port, idleSeconds }) => ({
    Caddyfile: `
{
	admin off
	auto_https off
}
(behind) {
	reverse_proxy 127.0.0.1:${target} {
		transport http {
			response_header_timeout ${idleSeconds}s
			read_timeout ${idleSeconds}s
		}
	}
}
http://127.0.0.1:${port('')} {
	bind 127.0.0.1
	import behind
}
http://127.0.0.1:${port('encode gzip')} {
	bind 127.0.0.1
	encode {
		gzip
		match {
			header Content-Type application/json*
			header Content-Type text/*
		}
	}
	import behind
}
`,
  }),
  args: () => ['run', '--config', 'Caddyfile', '--adapter', 'caddyfile'],
};
