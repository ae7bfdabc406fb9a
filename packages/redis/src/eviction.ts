import { RunError } from '@holdopen/runs';
import type { Link } from './links/link.js';

/** @throws RunError `invalid_option` if a server would throw away keys when it is full. */
export async function refuseEviction(link: Link): Promise<void> {
  // INFO and not CONFIG, which hosted servers forbid.
  for (const info of await link.sendToAll(['INFO', 'memory'])) {
    const policy = /^maxmemory_policy:(\S+)/m.exec(String(info))?.[1];
    if (policy === undefined || policy === 'noeviction') continue;
    throw new RunError(
      'invalid_option',
      `The maxmemory-policy of Redis is ${policy}: when it is full it throws away keys, and work under a forgotten idempotency key starts again. Set it: CONFIG SET maxmemory-policy noeviction, and in redis.conf. Or accept that with { allowEviction: true }.`,
      { given: policy },
    );
  }
}
