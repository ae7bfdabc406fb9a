import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { ProxyOptionError } from './errors.js';
import type { ProxyOptions } from './options.js';

/** OpenSSL's own words, such as "no start line", say neither which file nor what belongs there. */
export function checkCertificates({ tls, upstreamCa }: ProxyOptions): void {
  if (tls !== undefined) {
    attempt(
      'tls: cert must be PEM that begins with -----BEGIN CERTIFICATE-----, and key its private key',
      () => {
        // A context takes neither for enough, and then no client could connect.
        new X509Certificate(tls.cert);
        createPrivateKey(tls.key);
        createSecureContext({ cert: tls.cert, key: tls.key });
      },
    );
  }
  if (upstreamCa !== undefined) {
    // A context takes whatever it cannot read for no authority at all.
    attempt(
      'upstreamCa must be PEM that begins with -----BEGIN CERTIFICATE-----',
      () => new X509Certificate(upstreamCa),
    );
  }
}

function attempt(rule: string, read: () => unknown): void {
  try {
    read();
  } catch (error) {
    throw new ProxyOptionError(`${rule} (${(error as Error).message}).`, { cause: error });
  }
}
