import { differenceOf, voidReasonOf } from './difference.js';
import { type Observation, openHttp1, type Site } from './http1.js';
import { isHttp2Request, openHttp2 } from './http2.js';
import { type Mount, mountsOver } from './mounts.js';
import { REQUEST_NAMES, type RequestName } from './requests.js';
import type { Listener, Shape } from './shape.js';
import { isHttp2, isSecure, type Transport } from './transports.js';

/** How one shape fared over one transport. */
export interface ShapeReport {
  readonly shape: string;
  readonly transport: Transport;
  /** Pairs of wrapped and unwrapped that were compared. */
  compared: number;
  /** Those of them in which holdopen was there. */
  watched: number;
  readonly differences: string[];
}

/**
 * A step that hangs on when the system hands over what has arrived may fall one turn earlier or
 * later. A difference that is not the system's is there every time.
 */
const ATTEMPTS = 20;
/** The whole machine may have stood still for a while. */
const VOID_ATTEMPTS = 3;

/** Node answers it by itself, but for those that listen for `checkExpectation`. */
const UNEXPECTED: RequestName = 'POST that expects something else';

export async function compareShape(
  shape: Shape,
  transport: Transport,
  mounts: readonly Mount[] = mountsOver(transport),
): Promise<ShapeReport> {
  const report: ShapeReport = {
    shape: shape.title,
    transport,
    compared: 0,
    watched: 0,
    differences: [],
  };
  for (const mount of mounts) {
    await compareMount(shape, transport, mount, report);
    // It would take minutes to see it everywhere.
    if (report.differences.length > 0) break;
  }
  return report;
}

async function compareMount(
  shape: Shape,
  transport: Transport,
  mount: Mount,
  report: ShapeReport,
): Promise<void> {
  const requests = requestsOf(shape, transport, mount);
  if (requests.length === 0) return;
  const plain = await open(shape, transport, mount.plain);
  const held = await open(shape, transport, mount.held);
  for (const request of requests) {
    const { watched, difference } = await compareRequest(request, plain, held);
    report.compared += 1;
    if (watched) report.watched += 1;
    if (difference === undefined) continue;
    report.differences.push(`${mount.name}, ${request}: ${difference}`);
    break;
  }
  await plain.close();
  await held.close();
}

/** Until one of the held answers has been seen among the plain ones, too. */
async function compareRequest(
  request: RequestName,
  plain: Site,
  held: Site,
): Promise<{ watched: boolean; difference?: string | undefined }> {
  const plainSeen = new Set<string>();
  const heldSeen = new Set<string>();
  let watched = false;
  let difference: string | undefined;
  let voidAttempts = 0;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const expected = await plain.observe(request);
    const given = await held.observe(request);
    watched ||= given.watched;
    const voidReason = voidReasonOf(expected) ?? voidReasonOf(given);
    if (voidReason !== undefined) {
      voidAttempts += 1;
      if (voidAttempts === VOID_ATTEMPTS) return { watched, difference: voidReason };
      continue;
    }
    plainSeen.add(textOf(expected));
    heldSeen.add(textOf(given));
    if (plainSeen.has(textOf(given)) || heldSeen.has(textOf(expected))) return { watched };
    difference ??= differenceOf(expected, given);
  }
  return { watched, difference };
}

function textOf({ bytes, lines }: Observation): string {
  return [bytes, ...lines].join('\n');
}

function requestsOf(shape: Shape, transport: Transport, mount: Mount): readonly RequestName[] {
  const ofShape = shape.requests ?? REQUEST_NAMES.filter((name) => name !== UNEXPECTED);
  const requests = ofShape.filter((name) => mount.requests?.includes(name) ?? true);
  if (!isHttp2(transport)) return requests;
  return shape.http1Only === true ? [] : requests.filter(isHttp2Request);
}

function open(
  shape: Shape,
  transport: Transport,
  mount: (handler: Listener) => Listener,
): Promise<Site> {
  const opener = isHttp2(transport) ? openHttp2 : openHttp1;
  return opener(shape, mount, isSecure(transport));
}
