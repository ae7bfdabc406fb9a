import { join } from 'node:path';
import type { ProxyKind } from './kind.js';

export const trafficServer: ProxyKind = {
  name: 'Apache Traffic Server',
  program: 'traffic_server',
  debian: 'trafficserver',
  version: ['-V'],
  fronts: [{ name: '' }],
  configure: ({ target, port, idleSeconds, folder }) => ({
    'runroot.yaml': `
prefix: ${folder}
exec_prefix: ${folder}
bindir: /usr/bin
sbindir: /usr/sbin
sysconfdir: ${folder}
datadir: ${folder}
includedir: ${folder}
libdir: /usr/lib/trafficserver
libexecdir: /usr/lib/trafficserver/modules
localstatedir: ${folder}
runtimedir: ${folder}
logdir: ${folder}
cachedir: ${folder}
`,
    'records.config': `
CONFIG proxy.config.http.server_ports STRING ${port('')}:ip-in=127.0.0.1
CONFIG proxy.config.http.transaction_no_activity_timeout_out INT ${idleSeconds}
CONFIG proxy.config.http.connect_attempts_timeout INT ${idleSeconds}
CONFIG proxy.config.http.cache.http INT 0
CONFIG proxy.config.url_remap.remap_required INT 1
CONFIG proxy.config.reverse_proxy.enabled INT 1
CONFIG proxy.config.exec_thread.autoconfig INT 0
CONFIG proxy.config.exec_thread.limit INT 1
CONFIG proxy.config.admin.user_id STRING ${process.getuid?.() === 0 ? 'nobody' : '#-1'}
CONFIG proxy.config.log.logging_enabled INT 0
CONFIG proxy.config.crash_log_helper STRING NULL
`,
    'remap.config': `map / http://127.0.0.1:${target}/\n`,
    'storage.config': '',
    'ip_allow.yaml': `
ip_allow:
  - apply: in
    ip_addrs: 127.0.0.1
    action: allow
    methods: ALL
`,
  }),
  args: ({ folder }) => [`--run-root=${join(folder, 'runroot.yaml')}`],
};
