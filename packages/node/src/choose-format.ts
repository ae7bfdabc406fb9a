import type { IncomingMessage } from 'node:http';
import {
  type BeatFormat,
  checkFormat,
  type FormatChoice,
  formatByAccept,
  formatByType,
  formatOfStream,
  guardFormat,
  isHoldableMethod,
} from '@holdopen/core';
import type { PreparedHeader } from './framework.js';
import { type HeldResponse, http2Stream } from './message.js';
import type { MountedSettings } from './mounted.js';
import { sentHeadFacts } from './sent-head.js';
import { registry, surroundings } from './surroundings.js';

/** What the choice goes by. */
export interface Candidate {
  readonly request: IncomingMessage;
  readonly res: HeldResponse;
  readonly mounted: MountedSettings;
  /** A middleware between us and the socket encodes what is written. */
  readonly encodedBelow: boolean;
  /** Runs user code in the request's own async context. */
  run(callback: () => void): void;
}

/** The format of a response whose handler has sent nothing. */
export function formatOfSilent(
  candidate: Candidate,
  framework: Iterable<PreparedHeader>,
): FormatChoice {
  const { request, res, mounted } = candidate;
  const { formats, maxHolds } = mounted.settings;
  if (!canBeHeld(request)) return { untouched: 'method' };
  if (registry.occupied >= maxHolds) return { untouched: 'max_holds' };
  const asked = askedFormat(candidate);
  let type: unknown = res.getHeader('content-type');
  for (const [name, value] of framework) if (name.toLowerCase() === 'content-type') type = value;
  if (type !== undefined) return formatByType(String(type), asked, formats.all);
  if (asked !== undefined) return { format: asked };
  const name = formatByAccept(request.headers.accept, mounted.mount);
  return name === undefined ? { untouched: 'accept' } : { format: formats[name] };
}

/** The format of a response whose head its handler has sent. */
export function formatOfBegun(candidate: Candidate): FormatChoice {
  const { request, res, mounted } = candidate;
  const { formats } = mounted.settings;
  if (!canBeHeld(request)) return { untouched: 'method' };
  // An outer middleware keeps the head back, so nothing is known of it.
  if (!res.headersSent) return { untouched: 'type' };
  // The HTTP/2 stream was used by itself, and its bytes do not come by here.
  if (http2Stream(res) !== undefined && !res.hasHeader('content-type'))
    return { untouched: 'type' };
  const head = sentHeadFacts(res, candidate.encodedBelow);
  return formatOfStream(head, askedFormat(candidate), formats.all);
}

function canBeHeld(req: IncomingMessage): boolean {
  return isHoldableMethod(req.method) && (req as { upgrade?: boolean }).upgrade !== true;
}

/** What the option `format` says, `undefined` for `'auto'`. */
function askedFormat(candidate: Candidate): BeatFormat | undefined {
  const { format, formats } = candidate.mounted.settings;
  let asked = typeof format === 'function' ? undefined : format;
  if (typeof format === 'function') {
    candidate.run(() => {
      // A function that knows nothing of a request says so by giving nothing.
      asked = checkFormat(format(candidate.request) ?? 'auto');
    });
  }
  if (asked === undefined || asked === 'auto') return undefined;
  return typeof asked === 'string' ? formats[asked] : guardFormat(asked, surroundings.report);
}
