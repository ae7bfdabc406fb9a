import { WAITS } from '../../probe/weigh.js';
import { CERTIFICATE_FILES, certificateIn, keyIn } from '../../server/certificate.js';
import type { ProxyKind } from '../kind.js';
import { nghttpx } from '../nghttpx.js';

const TO_SERVER = 'backend=…;;proto=h2';

export const nghttpxHttp2: ProxyKind = {
  ...nghttpx,
  fronts: [{ name: '' }],
  configure: ({ target, port, idleSeconds, folder }) => ({
    ...CERTIFICATE_FILES,
    'nghttpx.conf': configuration(`${target}`, port(''), idleSeconds, folder),
  }),
};

/** It has one list of servers for all that it listens on. */
export const nghttpxHttp2ToServer: ProxyKind = {
  ...nghttpx,
  fronts: [{ name: TO_SERVER, known: WAITS }],
  configure: ({ targetHttp2, port, idleSeconds, folder }) => ({
    ...CERTIFICATE_FILES,
    'nghttpx.conf': configuration(`${targetHttp2};;proto=h2`, port(TO_SERVER), idleSeconds, folder),
  }),
};

function configuration(server: string, port: number, idleSeconds: number, folder: string): string {
  return `
frontend=127.0.0.1,${port}
backend=127.0.0.1,${server}
private-key-file=${keyIn(folder)}
certificate-file=${certificateIn(folder)}
npn-list=h2
backend-read-timeout=${idleSeconds}s
workers=1
accesslog-file=/dev/null
errorlog-file=${folder}/error.log
`;
}
