import type { Place, ProxyKind } from './kind.js';

const MODULES = ['mpm_event', 'authz_core', 'proxy', 'proxy_http'];

/** All but where it listens and what is behind. */
export function apacheConfiguration(
  { folder, idleSeconds }: Place,
  more: readonly string[],
): string {
  const modules = [...MODULES, ...more].map(
    (name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`,
  );
  return `
ServerRoot ${folder}
DefaultRuntimeDir ${folder}
PidFile ${folder}/apache.pid
Mutex file:${folder}
ServerName localhost
${process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : ''}
ErrorLog ${folder}/error.log
LogLevel crit
${modules.join('\n')}
StartServers 1
ThreadsPerChild 32
MaxRequestWorkers 64
ProxyTimeout ${idleSeconds}`;
}

export const apache: ProxyKind = {
  name: 'Apache',
  program: 'apache2',
  debian: 'apache2',
  version: ['-v'],
  fronts: [{ name: '' }],
  configure: (place) => ({
    'apache.conf': `
${apacheConfiguration(place, [])}
Listen 127.0.0.1:${place.port('')}
ProxyPass "/" "http://127.0.0.1:${place.target}/"
`,
  }),
  args: ({ folder }) => ['-d', folder, '-f', 'apache.conf', '-D', 'FOREGROUND'],
};
