import { HIDES_CUTS } from '../../probe/weigh.js';
import { CERTIFICATE_FILES, certificateIn, keyIn } from '../../server/certificate.js';
import type { ProxyKind } from '../kind.js';
import { trafficServer } from '../traffic-server.js';

export const trafficServerHttp2: ProxyKind = {
  ...trafficServer,
  fronts: [{ name: '', known: HIDES_CUTS }],
  configure: (place) => {
    const { 'records.config': records = '', ...files } = trafficServer.configure(place);
    const { port, folder } = place;
    const listens = `${port('')}:ip-in=127.0.0.1`;
    return {
      ...files,
      ...CERTIFICATE_FILES,
      'records.config': records.replace(listens, `${listens}:ssl`),
      'ssl_multicert.config': `dest_ip=* ssl_cert_name=${certificateIn(folder)} ssl_key_name=${keyIn(folder)}\n`,
    };
  },
};
