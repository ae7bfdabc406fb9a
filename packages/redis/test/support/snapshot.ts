import { createClient, RESP_TYPES } from 'redis';

/** Remembers all keys of a prefix; the function brings them back, as a crash does that loses writes. */
export async function snapshot(url: string, prefix: string): Promise<() => Promise<void>> {
  const kept = await withClient(url, async (send) => {
    const keys = (await send('KEYS', `${prefix}*`)) as Buffer[];
    return Promise.all(
      keys.map(async (key) => ({
        key,
        dump: (await send('DUMP', key)) as Buffer,
        expiresAt: String(await send('PEXPIRETIME', key)),
      })),
    );
  });
  return () =>
    withClient(url, async (send) => {
      for (const key of (await send('KEYS', `${prefix}*`)) as Buffer[]) await send('DEL', key);
      for (const { key, dump, expiresAt } of kept) {
        await send('RESTORE', key, expiresAt, dump, 'ABSTTL');
      }
    });
}

type Send = (...command: (string | Buffer)[]) => Promise<unknown>;

async function withClient<T>(url: string, action: (send: Send) => Promise<T>): Promise<T> {
  const client = createClient({ url });
  await client.connect();
  try {
    return await action((...command) =>
      client.sendCommand(command, { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } }),
    );
  } finally {
    client.destroy();
  }
}
