import { ANONYMOUS } from '../access/authorize.js';
import type { RunsContext } from '../context.js';
import { corsHeaders } from '../cors.js';
import { describeRun, type RunDescription } from '../describe.js';
import { RunError } from '../errors.js';
import { isOverdue, type RunRecord } from '../store.js';

/** No page shows more. */
const MAX_LISTED_RUNS = 100;

/**
 * The running runs of a principal, oldest first: what a page asks for after a reload.
 * @throws RunError `store_away`
 */
export async function listRuns(
  context: RunsContext,
  principal: string,
  limit = MAX_LISTED_RUNS,
): Promise<RunDescription[]> {
  // Callers without a name would see each other's.
  if (principal === ANONYMOUS) return [];
  const records = await context.ask({ operation: 'list' }, () =>
    context.store.list(principal, limit),
  );
  await Promise.all(records.filter(isOverdue).map((record) => settleLost(context, record)));
  const running = records.filter((record) => !isOverdue(record));
  return Promise.all(running.map((record) => describeRun(context, record)));
}

/** Nobody runs it any more, whether or not the store can take that down now. */
async function settleLost(context: RunsContext, record: RunRecord): Promise<void> {
  try {
    await context.settledIfLost(record);
  } catch (error) {
    if (!(error instanceof RunError && error.code === 'store_away')) throw error;
  }
}

export async function listResponse(context: RunsContext, request: Request): Promise<Response> {
  const access = await context.gate.toList(request);
  if (access.kind === 'refused') return access.response;
  const headers = corsHeaders(request, context.settings.cors);
  headers.set('Content-Type', 'application/json');
  headers.set('Cache-Control', 'no-store');
  headers.append('Vary', 'Authorization, Cookie');
  const runs = await listRuns(context, access.principal);
  return new Response(JSON.stringify({ runs }), { headers });
}
