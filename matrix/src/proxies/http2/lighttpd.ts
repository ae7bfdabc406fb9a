import { CERTIFICATE_FILES, certificateIn, keyIn } from '../../server/certificate.js';
import type { ProxyKind } from '../kind.js';
import { lighttpd, STREAMS } from '../lighttpd.js';

export const lighttpdHttp2: ProxyKind = {
  ...lighttpd,
  part: { file: '/usr/lib/lighttpd/mod_openssl.so', debian: 'lighttpd-mod-openssl' },
  // undici notices it all the same.
  fronts: [{ name: STREAMS, known: { cut: /^clean end$/, eventsCut: /^clean end$/ } }],
  configure: ({ target, port, idleSeconds, folder }) => ({
    ...CERTIFICATE_FILES,
    'lighttpd.conf': `
server.document-root = "${folder}"
server.port = ${port(STREAMS)}
server.bind = "127.0.0.1"
server.errorlog = "${folder}/error.log"
server.upload-dirs = ( "${folder}" )
server.modules = ( "mod_proxy", "mod_openssl" )
ssl.engine = "enable"
ssl.pemfile = "${certificateIn(folder)}"
ssl.privkey = "${keyIn(folder)}"
${STREAMS}
proxy.server = ( "" => (( "host" => "127.0.0.1", "port" => ${target}, "read-timeout" => ${idleSeconds} )))
`,
  }),
};
