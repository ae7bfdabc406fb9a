import { type Observation, openHttp1, type Site } from './http1.js';
import { isHttp2Request, openHttp2 } from './http2.js';
import { MOUNTS, type Mount } from './mounts.js';
import { REQUEST_NAMES, type RequestName } from './requests.js';
import type { Listener, Shape } from './shape.js';

export const TRANSPORTS = ['http', 'https', 'h2c', 'h2'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** How one shape fared over one transport. */
export interface ShapeReport {
  readonly shape: string;
  readonly transport: Transport;
  /** Pairs of wrapped and unwrapped that were compared. */
  compared: number;
  readonly differences: string[];
}

/**
 * A step that hangs on when the system hands over what has arrived may fall one turn earlier or
 * later. A difference that is not the system's is there every time.
 */
const ATTEMPTS = 4;
const STALLED = 'stalled after';

/** Node answers it by itself, but for those that listen for `checkExpectation`. */
const UNEXPECTED: RequestName = 'POST that expects something else';

export async function compareShape(shape: Shape, transport: Transport): Promise<ShapeReport> {
  const report: ShapeReport = { shape: shape.title, transport, compared: 0, differences: [] };
  for (const mount of MOUNTS) {
    await compareMount(shape, transport, mount, report);
    // It would take minutes to see it everywhere.
    if (report.differences.some((text) => text.includes(STALLED))) break;
  }
  return report;
}

async function compareMount(
  shape: Shape,
  transport: Transport,
  mount: Mount,
  report: ShapeReport,
): Promise<void> {
  const plain = await open(shape, transport, mount.plain);
  const held = await open(shape, transport, mount.held);
  for (const request of requestsOf(shape, transport)) {
    report.compared += 1;
    let difference: string | undefined;
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      difference = differenceOf(await plain.observe(request), await held.observe(request));
      if (difference === undefined || difference.startsWith(STALLED)) break;
    }
    if (difference !== undefined) {
      report.differences.push(`${mount.name}, ${request}: ${difference}`);
      if (difference.startsWith(STALLED)) break;
    }
  }
  await plain.close();
  await held.close();
}

function requestsOf(shape: Shape, transport: Transport): readonly RequestName[] {
  const requests = shape.requests ?? REQUEST_NAMES.filter((name) => name !== UNEXPECTED);
  if (transport === 'h2c' || transport === 'h2') {
    if (shape.http1Only === true) return [];
    const stalls = shape.headStallsOverHttp2 === true;
    return requests.filter(isHttp2Request).filter((name) => !(stalls && name === 'HEAD'));
  }
  return requests;
}

function open(
  shape: Shape,
  transport: Transport,
  mount: (handler: Listener) => Listener,
): Promise<Site> {
  const secure = transport === 'https' || transport === 'h2';
  const opener = transport === 'http' || transport === 'https' ? openHttp1 : openHttp2;
  return opener(shape, mount, secure);
}

function differenceOf(plain: Observation, held: Observation): string | undefined {
  const stalled = [plain, held].some(({ lines }) => lines.includes('STALLED'));
  if (stalled) return `${STALLED} ${lastStep(plain)} and ${lastStep(held)}`;
  if (plain.lines.length < 3) return 'the handler was not called';
  if (plain.bytes !== held.bytes) {
    const at = [...plain.bytes].findIndex((char, index) => held.bytes[index] !== char);
    const from = Math.max(0, at - 60);
    return `bytes at ${at}: ${JSON.stringify(plain.bytes.slice(from, at + 200))} became ${JSON.stringify(held.bytes.slice(from, at + 200))}`;
  }
  for (let i = 0; i < Math.max(plain.lines.length, held.lines.length); i += 1) {
    if (plain.lines[i] !== held.lines[i]) return lineDifference(plain.lines, held.lines, i);
  }
  return undefined;
}

function lastStep({ lines }: Observation): string {
  return `"${lines.filter((line) => !line.includes('   ') && line !== 'STALLED').at(-1)}"`;
}

function lineDifference(plain: readonly string[], held: readonly string[], at: number): string {
  const before = plain.slice(0, at).filter((line) => !line.includes('   '));
  const [expected = '(nothing)', given = '(nothing)'] = [plain[at], held[at]];
  const words = expected.split(' ');
  const others = given.split(' ');
  const first = words.findIndex((word, index) => word !== others[index]);
  return `after "${before.at(-1)}": ${words.slice(0, 3).join(' ')} … ${words.slice(Math.max(0, first - 1), first + 12).join(' ')} | became ${others.slice(0, 3).join(' ')} … ${others.slice(Math.max(0, first - 1), first + 12).join(' ')}`;
}
