import type { Granted } from '../access/gate.js';
import { runHeaders } from '../attach/headers.js';
import type { RunsContext } from '../context.js';
import { notFound, problemResponse } from '../problem.js';
import type { RunRecord } from '../store.js';
import { statusResponse } from './status.js';

/** Which attempt is meant: a DELETE that comes late, or twice, must not end a later one. */
const ATTEMPT = 'attempt';

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
  const { run, attempt } = record;
  const { epoch } = record.fence;
  const { searchParams: query } = new URL(request.url);
  const meant = query.get(ATTEMPT);
  if (meant !== null && meant !== String(attempt)) {
    const headers = await runHeaders(context, request, run, access);
    const detail = `This is attempt ${attempt} of the run: nothing was cancelled or removed.`;
    return problemResponse({ status: 409, code: 'another_attempt', detail, run }, headers);
  }
  let now: RunRecord | undefined = record;
  if (record.state === 'running') {
    now = await context.ask({ operation: 'cancel', run }, () =>
      context.store.requestCancel(run, epoch),
    );
  } else if (record.cancelRequested || query.has('purge')) {
    now = await context.ask({ operation: 'purge', run }, () => context.store.purge(run, epoch));
  }
  if (now === undefined) return notFound();
  return statusResponse(context, request, now, access, now.state === 'running' ? 202 : 200);
}
