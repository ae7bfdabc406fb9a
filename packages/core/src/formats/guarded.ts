import type { BeatFormat, BoundaryTracker, LateEnding, Place } from './format.js';

type Report = (matter: string, error: unknown) => void;

const guarded = new WeakMap<BeatFormat, BeatFormat>();

/**
 * A format of the user's own, made safe: whatever fails in it costs beats and never the response. One
 * that does not know where its body stands gives no beats there, and one that cannot write a failure
 * leaves a cut.
 */
export function guardFormat(format: BeatFormat, report: Report): BeatFormat {
  let safe = guarded.get(format);
  if (safe === undefined) {
    safe = createGuard(format, report);
    guarded.set(format, safe);
  }
  return safe;
}

function createGuard(format: BeatFormat, report: Report): BeatFormat {
  const reported = new Set<string>();
  function attempt<Result>(name: string, otherwise: Result, call: () => Result): Result {
    try {
      return call();
    } catch (error) {
      if (!reported.has(name)) report(`${name} of the format ${format.name} failed`, error);
      reported.add(name);
      return otherwise;
    }
  }
  return {
    name: format.name,
    contentType: format.contentType,
    matches: (mediaType) => attempt('matches', false, () => format.matches(mediaType)),
    createTracker(afterBeat) {
      const tracker = attempt('createTracker', LOST, () => format.createTracker(afterBeat));
      return guardTracker(tracker, attempt);
    },
    beat(place, first) {
      return attempt('beat', undefined, () => {
        const bytes: unknown = format.beat(place, first);
        if (bytes === undefined || isBytes(bytes)) return bytes;
        throw new TypeError('it must give a Uint8Array, or undefined for no beat');
      });
    },
    lateFailure(failure, place) {
      return attempt('lateFailure', undefined, () => {
        const ending: unknown = format.lateFailure?.(failure, place);
        if (ending === undefined || isEnding(ending)) return ending;
        throw new TypeError('it must give { text: string, cut: boolean }, or undefined for a cut');
      });
    },
  };
}

/** The tracker of a body that nobody can follow. */
const LOST: BoundaryTracker = { push() {}, place: () => 'closed' };

const PLACES: readonly unknown[] = ['boundary', 'inside', 'closed'] satisfies Place[];

function guardTracker(
  tracker: BoundaryTracker,
  attempt: <Result>(name: string, otherwise: Result, call: () => Result) => Result,
): BoundaryTracker {
  let isLost = false;
  return {
    push(chunk) {
      if (isLost) return;
      isLost = !attempt('push', false, () => {
        tracker.push(chunk);
        return true;
      });
    },
    place() {
      if (isLost) return 'closed';
      return attempt<Place>('place', 'closed', () => {
        const place = tracker.place();
        if (PLACES.includes(place)) return place;
        throw new TypeError("it must give 'boundary', 'inside' or 'closed'");
      });
    },
  };
}

function isBytes(value: unknown): value is Uint8Array {
  return (
    ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]'
  );
}

function isEnding(value: unknown): value is LateEnding {
  const { text, cut } = (value ?? {}) as Partial<LateEnding>;
  return typeof text === 'string' && typeof cut === 'boolean';
}
