import { HIDES_CUTS, WAITS } from '../../probe/weigh.js';
import { CERTIFICATE_FILES, certificateIn, keyIn } from '../../server/certificate.js';
import { caddy } from '../caddy.js';
import type { ProxyKind } from '../kind.js';

const TO_SERVER = 'reverse_proxy h2c://…';

export const caddyHttp2: ProxyKind = {
  ...caddy,
  fronts: [
    { name: '', known: HIDES_CUTS },
    { name: TO_SERVER, known: { ...HIDES_CUTS, ...WAITS } },
  ],
  configure: ({ target, targetHttp2, port, idleSeconds, folder }) => {
    const site = (front: string, server: string): string => `
https://127.0.0.1:${port(front)} {
	bind 127.0.0.1
	tls ${certificateIn(folder)} ${keyIn(folder)}
	reverse_proxy ${server} {
		transport http {
			response_header_timeout ${idleSeconds}s
			read_timeout ${idleSeconds}s
		}
	}
}`;
    return {
      ...CERTIFICATE_FILES,
      Caddyfile: `
{
	admin off
	auto_https disable_redirects
}
${site('', `127.0.0.1:${target}`)}
${site(TO_SERVER, `h2c://127.0.0.1:${targetHttp2}`)}
`,
    };
  },
};
