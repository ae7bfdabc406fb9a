import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { certificate } from '../../../packages/node/test/held/support/certificate.js';

export { certificate };

const KEY = 'key.pem';
const CERTIFICATE = 'certificate.pem';

/** For the folder of a program that terminates TLS. */
export const CERTIFICATE_FILES = { [KEY]: certificate.key, [CERTIFICATE]: certificate.cert };
export const keyIn = (folder: string): string => join(folder, KEY);
export const certificateIn = (folder: string): string => join(folder, CERTIFICATE);

/** What makes programs trust it: Python and Go, curl, Node. They are given a file to read. */
export async function trusting(folder: string): Promise<Readonly<Record<string, string>>> {
  const file = certificateIn(folder);
  await writeFile(file, certificate.cert);
  return { SSL_CERT_FILE: file, CURL_CA_BUNDLE: file, NODE_EXTRA_CA_CERTS: file };
}
