/** Which of the meanings below the lines have. A reader takes this one and older ones. */
export const JOURNAL_VERSION = 1;

/** What failed: a response under keep-alive, work that outlives its connection, a call, a process. */
export type IncidentSubject = 'hold' | 'run' | 'call' | 'process';

/**
 * - `failed`: it ended, and not well; `code` and `status` say how.
 * - `disconnected`: the connection went away before it was complete.
 * - `lost`: nobody knows any more what became of it.
 * - `died`: it was going on when its process died or ended.
 */
export type IncidentOutcome = 'failed' | 'disconnected' | 'lost' | 'died';

/**
 * How a connection ended, as this side saw it.
 *
 * - `fin`: the other side closed it in an orderly way.
 * - `reset`: RST, or RST_STREAM with an error.
 * - `cancel`: RST_STREAM with CANCEL or NO_ERROR (RFC 9113 section 7).
 * - `timeout`: TCP gave up on the other side, which no longer answers.
 * - `local`: this side closed it.
 */
export type ConnectionEnd = 'fin' | 'reset' | 'cancel' | 'timeout' | 'local';

/** An error in words that its programmer chose, and none that a request could have put into it. */
export interface CauseFacts {
  /** Its class. */
  readonly name: string;
  /** Such as `ECONNREFUSED`. */
  readonly code?: string;
  /** The HTTP status that it asks for. */
  readonly status?: number;
  /** Only with the option `causeMessage`. */
  readonly message?: string;
  /** The error behind it. */
  readonly cause?: CauseFacts;
}

/** What is known of one failure. A member that is not known is left out. */
export interface IncidentFacts {
  readonly subject: IncidentSubject;
  readonly outcome: IncidentOutcome;
  /** Method and pattern, such as `POST /chats/:id`; of a call, method and host. */
  readonly route?: string;
  /** The id of the hold in its process. */
  readonly hold?: string;
  /** The id of the run; of a hold, that which its request began or joined. */
  readonly run?: string;
  /** The true status that it came to. */
  readonly status?: number;
  /** Why, in the words of problem objects (`docs/wire.md`) or of the client's errors (`docs/client.md`). */
  readonly code?: string;
  readonly format?: string;
  /** The interval of the beats. */
  readonly intervalMs?: number;
  /** From the beginning of the silence, or of the run, to its end. */
  readonly heldMs?: number;
  /** How long no byte had been sent at the end, beats included; of a call, how long none had come. */
  readonly idleMs?: number;
  /** How long the handler had given no sign of life at the end. */
  readonly silentMs?: number;
  /** Silences that needed a beat. */
  readonly silences?: number;
  /** The longest of them up to its last beat. */
  readonly longestSilenceMs?: number;
  readonly beats?: number;
  readonly beatsDropped?: number;
  /** What the handler had written, of a call what had come: bytes, and UTF-16 units of text. */
  readonly bytes?: number;
  /** How old the connection was. */
  readonly connectionMs?: number;
  readonly connectionEnd?: ConnectionEnd;
  /** `1.0`, `1.1` or `2`. */
  readonly httpVersion?: string;
  /** How often it was begun: by the client, or of a run by anybody. */
  readonly attempts?: number;
  readonly cause?: CauseFacts;
  /** Of a process: how many responses were held when it was last heard of. */
  readonly holds?: number;
  /** Of a process: how many runs it worked on. */
  readonly runs?: number;
  /** Of a process that ended by itself. */
  readonly exitCode?: number;
  /** Of a death: the file of the instance that was left open. */
  readonly segment?: number;
  /** The instance that found a death, and when. */
  readonly foundBy?: string;
  readonly foundAt?: string;
}

/** One failure, as it stands in a line. */
export interface Incident extends IncidentFacts {
  readonly v: typeof JOURNAL_VERSION;
  readonly kind: 'incident';
  /** Unique; one line may stand twice where a process ended while it wrote. */
  readonly id: string;
  /** When it happened, in UTC; of a death, when the process was last heard of. */
  readonly time: string;
  readonly instance: string;
}

/** The first line of a file. */
export interface InstanceLine {
  readonly v: typeof JOURNAL_VERSION;
  readonly kind: 'instance';
  readonly time: string;
  readonly instance: string;
  readonly startedAt: string;
  readonly pid: number;
  /** Where process ids mean the same: a hash of host, boot and process namespace. */
  readonly place?: string;
  /** Counts the files of the instance from 1. */
  readonly segment: number;
  readonly heartbeatMs: number;
}

/** The instance is there. */
interface AliveLine {
  readonly kind: 'alive';
  readonly time: string;
  readonly holds: number;
  readonly runs: number;
  /** Lines that could not be written so far. */
  readonly dropped: number;
}

/** It needs beats from here on, so whoever finds the file dead knows that it was going on. */
export interface OpenLine {
  readonly kind: 'open';
  readonly time: string;
  readonly id: string;
  readonly subject: 'hold' | 'run';
  readonly route?: string;
}

/** It is over. A failure has an incident of its own. */
export interface CloseLine {
  readonly kind: 'close';
  readonly id: string;
}

/** Lines are missing here: what was open before is not known, and what is open stands behind it. */
interface GapLine {
  readonly kind: 'gap';
  readonly time: string;
  readonly dropped: number;
}

/** The instance was taken for dead and is not: it was paused, or its disk was away. */
interface ReturnedLine {
  readonly kind: 'returned';
  readonly time: string;
  readonly instance: string;
  /** The file that was taken over. */
  readonly segment: number;
}

/** The last line: the instance went on in another file, or ended by itself. */
interface EndLine {
  readonly kind: 'rotated' | 'end';
  readonly time: string;
}

export type JournalLine =
  | Incident
  | InstanceLine
  | AliveLine
  | OpenLine
  | CloseLine
  | GapLine
  | ReturnedLine
  | EndLine;

/** What a terminal or a careless reader could take for a command; JSON leaves these as they are. */
const UNSAFE = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** One line of the file, whatever is in it. */
export function toLine(line: JournalLine): string {
  return `${JSON.stringify(line).replace(UNSAFE, asEscape)}\n`;
}

function asEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
