import { basename } from 'node:path';
import type { ProxyKind } from './kind.js';

export const squid: ProxyKind = {
  name: 'Squid',
  program: 'squid',
  debian: 'squid',
  version: ['-v'],
  fronts: [{ name: '' }],
  configure: ({ target, port, idleSeconds, folder }) => ({
    'squid.conf': `
http_port 127.0.0.1:${port('')} accel defaultsite=localhost no-vhost
cache_peer 127.0.0.1 parent ${target} 0 no-query no-digest originserver name=server
http_access allow all
never_direct allow all
cache deny all
read_timeout ${idleSeconds} seconds
shutdown_lifetime 0 seconds
visible_hostname localhost
pid_filename ${folder}/squid.pid
coredump_dir ${folder}
cache_log ${folder}/cache.log
access_log none
icp_port 0
pinger_enable off
${process.getuid?.() === 0 ? 'cache_effective_user proxy' : ''}
`,
  }),
  // Its service name must be letters and digits, and of its own, or two of them meet.
  args: ({ folder }) => [
    ...['-N', '-n', basename(folder).replace(/\W/g, '')],
    ...['-f', `${folder}/squid.conf`],
  ],
};
