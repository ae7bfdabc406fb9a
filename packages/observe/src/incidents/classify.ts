import type { CauseFacts, Incident } from '../journal/record.js';
import type { Classified, Confidence, IncidentClass } from './classes.js';
import { type Findings, fileKey, idleTime, isCut, NO_FINDINGS, survivedAsLong } from './survey.js';
import { isInside, type TimeOut, type TimeOutKind } from './time-outs.js';

/** What people would call it, and how sure that is. */
export function classify(incident: Incident, findings: Findings = NO_FINDINGS): Classified {
  if (incident.outcome === 'died') return death(incident, findings);
  if (incident.outcome === 'lost')
    return is('lost', 'high', 'nobody knows what became of the work');
  if (incident.outcome === 'disconnected') return timeOut(incident, findings) ?? cut(incident);
  return failure(incident);
}

function death({ instance, segment = 0, exitCode }: Incident, { returned }: Findings): Classified {
  if (returned.has(fileKey(instance, segment))) {
    return is('process-paused', 'high', 'its process wrote again later');
  }
  if (exitCode !== undefined) return is('process-died', 'high', `it exited with ${exitCode}`);
  return is('process-died', 'high', 'its file was left open, and its heartbeat stopped');
}

function timeOut(incident: Incident, { timeOuts }: Findings): Classified | undefined {
  if (!isCut(incident)) return undefined;
  const found = (kind: TimeOutKind, ms: number | undefined): TimeOut | undefined =>
    ms === undefined ? undefined : timeOuts.find((one) => one.kind === kind && isInside(one, ms));
  const idle = found('idle', idleTime(incident));
  const total = found('total', incident.heldMs);
  if (idle === undefined) return total && timedOut(total);
  // Beats that come at fixed times make a total time-out look like an idle one behind the last of them.
  if (total !== undefined && survivedAsLong(incident)) return timedOut(total);
  return timedOut(idle, total);
}

/** `other`: it could be that as well. */
function timedOut(timeOut: TimeOut, other?: TimeOut): Classified {
  const { kind, cuts } = timeOut;
  const because = `${cuts} cuts ${timing(timeOut)}`;
  const sure = confidenceIn(timeOut);
  if (other === undefined) return is(`${kind}-timeout`, sure, because);
  const both = `${because}, which is ${timing(other)}, too`;
  return is(`${kind}-timeout`, sure === 'high' ? 'medium' : sure, both);
}

function timing({ kind, aboutMs }: TimeOut): string {
  return `${seconds(aboutMs)} s after the ${kind === 'idle' ? 'last byte' : 'beginning'}`;
}

function confidenceIn({ cuts, expected, moments }: TimeOut): Confidence {
  if (cuts >= 20 && cuts >= 10 * expected && moments >= 5) return 'high';
  return cuts >= 8 ? 'medium' : 'low';
}

function cut({ connectionEnd, bytes = 0, subject, code }: Incident): Classified {
  if (connectionEnd === 'reset' || code === 'HOLDOPEN_RESET') {
    return is('reset', 'high', 'the connection was reset');
  }
  if (connectionEnd === 'timeout') return is('reset', 'medium', 'the other side stopped answering');
  if (connectionEnd === 'local') {
    return is(
      'handler-error',
      'low',
      'this side closed the connection before the answer was whole',
    );
  }
  if (subject === 'call') {
    const how =
      code === 'HOLDOPEN_TRUNCATED' ? 'the answer was cut short' : 'it was closed too early';
    return is('closed-mid-stream', bytes > 0 ? 'high' : 'medium', how);
  }
  const orderly = connectionEnd === 'fin' || connectionEnd === 'cancel';
  if (bytes > 0) {
    const sure = orderly ? 'high' : 'medium';
    return is('closed-mid-stream', sure, 'it was closed behind its first bytes');
  }
  if (connectionEnd === 'cancel') return is('client-closed', 'high', 'its stream was cancelled');
  // A hop that is restarted, or that has a timer, sends the same FIN as a client.
  const how = orderly ? 'it was closed in an orderly way' : 'it went away';
  return is('client-closed', 'medium', how);
}

const BY_CODE = new Map<string, readonly [IncidentClass, Confidence, string]>(
  Object.entries({
    silence: ['handler-silent', 'high', 'no sign of life for maxSilenceMs'],
    silent: ['handler-silent', 'high', 'no sign of life for maxSilenceMs'],
    drained: ['drain', 'high', 'the server shut down'],
    not_started: ['drain', 'medium', 'the work was given back before it began'],
    cancelled: ['cancelled', 'high', 'it was told to stop'],
    HOLDOPEN_CANCELLED: ['cancelled', 'high', 'it was told to stop'],
    HOLDOPEN_STALLED: ['stalled', 'high', 'nothing came for too long'],
    HOLDOPEN_REFUSED: ['unreachable', 'high', 'the connection was refused'],
    HOLDOPEN_DNS: ['unreachable', 'high', 'the name could not be resolved'],
    HOLDOPEN_TLS: ['unreachable', 'high', 'no secure connection'],
    HOLDOPEN_NETWORK: ['unreachable', 'low', 'the browser does not say more'],
    HOLDOPEN_RATE_LIMITED: ['rate-limited', 'high', 'status 429'],
    HOLDOPEN_OVERLOADED: ['overloaded', 'high', 'status 503 or 529'],
    HOLDOPEN_UNAUTHORIZED: ['auth-expired', 'medium', 'status 401 or 403'],
    HOLDOPEN_LOST: ['lost', 'high', 'nobody knows what became of the work'],
    HOLDOPEN_RESTARTED: ['lost', 'medium', 'the work was begun anew'],
  }),
);

function failure(incident: Incident): Classified {
  const { code, status, cause } = incident;
  const known = code === undefined ? undefined : BY_CODE.get(code);
  if (known !== undefined) return is(...known);
  const upstream = networkCode(cause);
  if (status === 500 || status === undefined) {
    if (upstream !== undefined) {
      return is(
        'upstream-error',
        'high',
        `the handler could not reach another service: ${upstream}`,
      );
    }
    if (status === undefined) return is('unknown', 'low', 'there is no status');
    return is('handler-error', 'high', `status 500, ${code ?? 'without a code'}`);
  }
  return byStatus(status, code === 'handler_error' || upstream !== undefined);
}

/** `thrown`: by an error that carries the status, as those of clients for other services do. */
function byStatus(status: number, thrown: boolean): Classified {
  const because = `late status ${status}`;
  if (status === 429) return is('rate-limited', 'high', because);
  if (status === 529) return is('overloaded', 'high', because);
  if (status === 503) return is('overloaded', thrown ? 'high' : 'medium', because);
  if (status === 401) return is('auth-expired', 'high', because);
  if (status === 403) return is('auth-expired', 'low', because);
  if (status === 502 || status === 504) return is('upstream-error', 'high', because);
  if (status >= 500) return is('upstream-error', thrown ? 'medium' : 'low', because);
  if (status >= 400) return is('refused', 'high', because);
  return is('handler-error', 'medium', `${because}, which cannot be followed`);
}

const NETWORK =
  /^(ECONN(REFUSED|RESET|ABORTED)|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|UND_ERR_\w+|HOLDOPEN_\w+)$/;

function networkCode(cause: CauseFacts | undefined): string | undefined {
  for (let one = cause; one !== undefined; one = one.cause) {
    if (typeof one.code === 'string' && NETWORK.test(one.code)) return one.code;
  }
  return undefined;
}

function seconds(ms: number): string {
  return String(Math.round(ms / 100) / 10);
}

function is(name: IncidentClass, confidence: Confidence, because: string): Classified {
  return { class: name, confidence, because };
}
