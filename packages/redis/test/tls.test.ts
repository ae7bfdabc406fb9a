import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'redis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { certificate } from '../../node/test/held/support/certificate.js';
import { createRedisStore } from '../src/index.js';
import { bytes, codeOf, entriesOf, started } from './support/run.js';
import { freePort, RedisServer } from './support/server.js';
import { until } from './support/until.js';

let server: RedisServer;
let folder: string;
let tlsUrl: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdopen-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  await writeFile(key, certificate.key);
  await writeFile(cert, certificate.cert);
  const port = await freePort();
  server = await RedisServer.start(
    ...['--tls-port', String(port), '--tls-auth-clients', 'no'],
    ...['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', cert],
  );
  tlsUrl = `rediss://localhost:${port}`;
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

test('a server with TLS is used with the certificate that the client was given, its doorbell too', async () => {
  const client = createClient({ url: tlsUrl, socket: { tls: true, ca: certificate.cert } });
  const [store, another] = [createRedisStore({ client }), createRedisStore({ client })];
  const record = await started(store);
  const { run, fence } = record;
  let rings = 0;
  await another.subscribe(run, () => {
    rings += 1;
  });
  await store.append({ run, fence, expectedTail: 0, entries: [bytes('a')], head: bytes('h') });
  await until('the doorbell rang', async () => rings > 0);
  expect((await entriesOf(another, record)).length).toBe(1);
  await store.close();
  await another.close();
});

test('a certificate that nobody vouches for is not trusted', async () => {
  const store = createRedisStore({ url: tlsUrl });
  expect(await codeOf(started(store))).toBe('store_unavailable');
  await store.close();
});
