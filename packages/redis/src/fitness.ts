import { RunError } from '@holdopen/runs';
import type { Link } from './links/link.js';

/** The first one that lets a script say what it does before it starts. */
const LEAST_VERSION = 7;

/** @throws RunError `invalid_option` if a server is too old, or throws away keys when it is full */
export async function refuseUnfit(link: Link, allowEviction: boolean): Promise<void> {
  // INFO and not CONFIG, which hosted servers forbid.
  for (const info of (await link.sendToAll(['INFO'])).map(String)) {
    // Valkey gives the version of Redis that it is like.
    const version = /^redis_version:(\S+)/m.exec(info)?.[1];
    if (version !== undefined && Number.parseInt(version, 10) < LEAST_VERSION) {
      throw new RunError(
        'invalid_option',
        `This server is Redis ${version}, and runs need Redis 7 or Valkey. Upgrade it.`,
        { given: version },
      );
    }
    const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
    if (allowEviction || policy === undefined || policy === 'noeviction') continue;
    throw new RunError(
      'invalid_option',
      `The maxmemory-policy of Redis is ${policy}: when it is full it throws away keys, and work under a forgotten idempotency key starts again. Set it: CONFIG SET maxmemory-policy noeviction, and in redis.conf. Or accept that with { allowEviction: true }.`,
      { given: policy },
    );
  }
}
