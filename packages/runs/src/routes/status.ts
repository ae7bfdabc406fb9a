import type { Granted } from '../access/gate.js';
import { runHeaders } from '../attach/headers.js';
import type { RunsContext } from '../context.js';
import { describeRun } from '../describe.js';
import type { RunRecord } from '../store.js';

/** Asked again after this long, by whoever does not watch. */
const POLL_AFTER_SECONDS = 2;

/** The status resource of a run. */
export async function statusResponse(
  context: RunsContext,
  request: Request,
  record: RunRecord,
  access: Granted,
  status = 200,
): Promise<Response> {
  const headers = await runHeaders(context, request, record.run, access);
  headers.set('Content-Type', 'application/json');
  if (record.state === 'running') headers.set('Retry-After', String(POLL_AFTER_SECONDS));
  const body = JSON.stringify(await describeRun(context, record));
  return new Response(body, { status, headers });
}
