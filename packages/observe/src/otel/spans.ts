import type { HoldEvent, HoldInfo, LateError } from '@holdopen/core';
import type { RunEvent, RunEventType } from '@holdopen/runs';
import { type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import { watchHolds, watchRuns } from '../watch.js';

const RUN_TYPES = ['run-start', 'run-attach', 'run-resume'] as const satisfies RunEventType[];

/**
 * Writes on the span that is active for a request what holdopen does to its response: the server span of
 * an instrumentation, or whatever the application began around it.
 *
 * @returns a function that ends it
 */
export function markSpans(): () => void {
  const ends = [
    watchHolds(markHold, ['commit', 'silence', 'disconnect', 'late-outcome', 'end']),
    watchRuns(markRun, RUN_TYPES),
  ];
  return () => {
    for (const end of ends) end();
  };
}

function markHold(event: HoldEvent): void {
  if (event.type === 'untouched') return;
  // Each event comes in the context of its request.
  const span = trace.getActiveSpan();
  if (span === undefined || !span.isRecording()) return;
  const { hold } = event;
  switch (event.type) {
    case 'commit':
      span.setAttributes({ 'holdopen.id': hold.id, 'holdopen.format': hold.format });
      span.addEvent('holdopen.commit', { 'http.response.status_code': 200 });
      break;
    case 'silence':
      span.addEvent('holdopen.silence', { 'holdopen.silent': event.silentMs / 1_000 });
      break;
    case 'disconnect':
      span.addEvent('holdopen.disconnect', { 'holdopen.unsent': hold.unsentMs / 1_000 });
      break;
    case 'late-outcome': {
      const { outcome } = event;
      span.setAttribute('holdopen.late_status', outcome.status);
      if (!outcome.ok) markFailure(span, hold, outcome);
      break;
    }
    case 'end':
      span.setAttributes({
        'holdopen.how': event.how,
        'holdopen.beats': hold.beats,
        'holdopen.duration': event.heldMs / 1_000,
        'holdopen.cut': event.cut,
      });
      break;
  }
}

/** The client was told 200, so that nothing else in the trace says that it failed. */
function markFailure(span: Span, hold: HoldInfo, { status, code, error }: LateError): void {
  // As the conventions for HTTP have it: the status as text, if that is what is known.
  const type = error instanceof Error ? error.name : String(status);
  span.setAttributes({ 'error.type': type, 'holdopen.late_code': code });
  if (error instanceof Error) span.recordException(error);
  const message = `late ${status} (${code}) under 200, after ${hold.beats} beats`;
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}

function markRun(event: RunEvent): void {
  const span = trace.getActiveSpan();
  if (span === undefined || event.type === 'run-store-failure') return;
  const { id, attempt } = event.run;
  span.setAttributes({ 'holdopen.run.id': id, 'holdopen.run.attempt': attempt });
  span.addEvent(`holdopen.${event.type.replace('-', '.')}`);
}
