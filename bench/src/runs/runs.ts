import type { Figure, Plan } from '../figure.js';
import { besideResumableStream } from './beside-resumable-stream.js';
import { eventRuns } from './event-runs.js';
import { keyedRequests } from './keyed-requests.js';
import { hasRedis } from './redis-process.js';
import { replay } from './replay.js';
import { watchers } from './watchers.js';

/** What it costs that work outlives its connection. */
export async function runs(plan: Plan): Promise<Figure[]> {
  const withRedis = hasRedis();
  if (!withRedis) {
    plan.leaveOut(
      'everything with Redis, for there is no redis-server. Debian, Ubuntu: sudo apt-get install --no-install-recommends redis-server. macOS: brew install redis',
    );
  }
  return [
    ...(await keyedRequests(plan, withRedis)),
    ...(await eventRuns(plan, withRedis)),
    ...(await watchers(plan, withRedis)),
    ...(await replay(plan, withRedis)),
    ...(withRedis ? await besideResumableStream(plan) : []),
  ];
}
