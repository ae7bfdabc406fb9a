import type { Granted } from '../access/gate.js';
import type { RunsContext } from '../context.js';
import { notFound } from '../problem.js';
import type { RunRecord } from '../store.js';
import { statusResponse } from './status.js';

/**
 * DELETE. A running run is told to stop, which it does in its own time (202). A settled one stays as it
 * is (200), unless it had been told to stop before or the query says `purge`: then its output is
 * removed, and its record guards the key until it expires.
 */
export async function cancelResponse(
  context: RunsContext,
  request: Request,
  record: RunRecord,
  access: Granted,
): Promise<Response> {
  const { run } = record;
  let now: RunRecord | undefined = record;
  if (record.state === 'running') {
    now = await context.ask(() => context.store.requestCancel(run));
  } else if (record.cancelRequested || new URL(request.url).searchParams.has('purge')) {
    now = await context.ask(() => context.store.purge(run));
  }
  if (now === undefined) return notFound();
  return statusResponse(context, request, now, access, now.state === 'running' ? 202 : 200);
}
