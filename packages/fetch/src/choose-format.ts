import {
  type BeatFormat,
  checkFormat,
  type FormatChoice,
  formatByAccept,
  formatByType,
  formatOfStream,
  guardFormat,
} from '@holdopen/core';
import type { MountedSettings } from './mounted.js';
import { readyParts, streamedType } from './ready-response.js';
import { registry, surroundings } from './surroundings.js';

/** What the choice goes by. */
export interface Candidate<Subject> {
  /** What the user's functions get: the request, or the response where there is no request. */
  readonly request: Subject;
  readonly mounted: MountedSettings<Subject>;
  /** What is asked for may have a body with beats. */
  readonly canBeHeld: boolean;
  /** Runs user code in the request's own async context. */
  run(callback: () => void): void;
}

/** The format of an answer whose handler has given nothing yet; perhaps its type is known. */
export function formatOfSilent(
  candidate: Candidate<Request>,
  contentType: string | null,
): FormatChoice {
  const { request, mounted } = candidate;
  const { formats, maxHolds } = mounted.settings;
  if (!candidate.canBeHeld) return { untouched: 'method' };
  if (registry.occupied >= maxHolds) return { untouched: 'max_holds' };
  const asked = askedFormat(candidate);
  if (contentType !== null) return formatByType(contentType, asked, formats.all);
  if (asked !== undefined) return { format: asked };
  const name = formatByAccept(request.headers.get('accept') ?? undefined, mounted.mount);
  return name === undefined ? { untouched: 'accept' } : { format: formats[name] };
}

/**
 * The format of a response that is ready and may have gaps in its body: an event stream, or records
 * that the options ask for. `undefined` for all others, which are most. JSON is nearly always whole
 * by then, so it counts only if `jsonToo`.
 */
export function formatOfReady<Subject>(
  candidate: Candidate<Subject>,
  response: Response,
  jsonToo: boolean,
): FormatChoice | undefined {
  const { format, formats } = candidate.mounted.settings;
  const contentType = streamedType(response);
  if (contentType === undefined) return undefined;
  const isEvents = /^\s*text\/event-stream/i.test(contentType);
  if (!isEvents && (format === 'auto' || format === 'sse')) return undefined;
  if (!candidate.canBeHeld) return undefined;
  const given = askedFormat(candidate);
  const asked = given?.name === 'json' && !jsonToo ? undefined : given;
  if (!isEvents && asked === undefined) return undefined;
  const known = asked === undefined ? [formats.sse] : [asked, formats.sse];
  const { status, headers, body } = readyParts(response);
  // Another copy of this package, of another version perhaps, holds it already.
  if (headers.has('holdopen')) return undefined;
  const encoding = headers.get('content-encoding')?.toLowerCase() ?? 'identity';
  const choice = formatOfStream(
    {
      status,
      contentType,
      hasLength: headers.has('content-length'),
      encoded: encoding !== 'identity',
    },
    asked,
    known,
  );
  if ('untouched' in choice) return choice.untouched === 'type' ? undefined : choice;
  // Others than these cannot be made again, nor can what is being read already.
  return status > 599 || body === undefined ? undefined : choice;
}

/** What the option `format` says, `undefined` for `'auto'`. */
function askedFormat<Subject>(candidate: Candidate<Subject>): BeatFormat | undefined {
  const { format, formats } = candidate.mounted.settings;
  let asked = typeof format === 'function' ? undefined : format;
  if (typeof format === 'function') {
    candidate.run(() => {
      asked = checkFormat(format(candidate.request) ?? 'auto');
    });
  }
  if (asked === undefined || asked === 'auto') return undefined;
  return typeof asked === 'string' ? formats[asked] : guardFormat(asked, surroundings.report);
}
