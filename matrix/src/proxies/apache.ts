import type { ProxyKind } from './kind.js';

const MODULES = ['mpm_event', 'authz_core', 'proxy', 'proxy_http'];

export const apache: ProxyKind = {
  name: 'Apache',
  program: 'apache2',
  debian: 'apache2',
  version: ['-v'],
  fronts: [{ name: '' }],
  configure: ({ target, port, idleSeconds, folder }) => ({
    'apache.conf': `
ServerRoot ${folder}
DefaultRuntimeDir ${folder}
PidFile ${folder}/apache.pid
Mutex file:${folder}
ServerName localhost
${process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : ''}
ErrorLog ${folder}/error.log
LogLevel crit
${MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
StartServers 1
ThreadsPerChild 32
MaxRequestWorkers 64
ProxyTimeout ${idleSeconds}
Listen 127.0.0.1:${port('')}
ProxyPass "/" "http://127.0.0.1:${target}/"
`,
  }),
  args: ({ folder }) => ['-d', folder, '-f', 'apache.conf', '-D', 'FOREGROUND'],
};
