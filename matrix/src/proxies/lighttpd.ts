import { HIDES_CUTS, type Known } from '../probe/weigh.js';
import type { ProxyKind } from './kind.js';

export const STREAMS = 'server.stream-response-body = 1';

const gathered = /^gathered until the end$/;
/** Nothing leaves it before the end, and nothing is heard of who left. */
const GATHERS: Known = {
  ...HIDES_CUTS,
  jsonBeats: gathered,
  eventBeats: gathered,
  ownHeadBeats: gathered,
  leaves: /^never noticed$/,
};

export const lighttpd: ProxyKind = {
  name: 'lighttpd',
  program: 'lighttpd',
  debian: 'lighttpd',
  version: ['-v'],
  fronts: [{ name: '', known: GATHERS }, { name: STREAMS }],
  configure: ({ target, port, idleSeconds, folder }) => ({
    'lighttpd.conf': `
server.document-root = "${folder}"
server.port = ${port('')}
server.bind = "127.0.0.1"
server.errorlog = "${folder}/error.log"
server.upload-dirs = ( "${folder}" )
server.modules = ( "mod_proxy" )
proxy.server = ( "" => (( "host" => "127.0.0.1", "port" => ${target}, "read-timeout" => ${idleSeconds} )))
$SERVER["socket"] == "127.0.0.1:${port(STREAMS)}" { ${STREAMS} }
`,
  }),
  args: () => ['-D', '-f', 'lighttpd.conf'],
};
