import { formatEnd, formatPlan, type PathConnection } from '@holdopen/faulty-path';
import { colorsFor, type Terminal } from '../terminal.js';

interface Listening {
  readonly url: string;
  readonly target: string;
  readonly seed: number;
}

/** Says what happens on the path, to people or to programs. */
export interface Journal {
  listening(start: Listening): void;
  opened(connection: PathConnection): void;
  closed(connection: PathConnection): void;
  summary(): void;
}

export function createJournal(terminal: Terminal, isJson: boolean): Journal {
  const count = new Count();
  const journal = isJson ? forPrograms(terminal, count) : forPeople(terminal, count);
  return {
    ...journal,
    opened(connection) {
      count.opened += 1;
      journal.opened(connection);
    },
    closed(connection) {
      count.close(connection);
      journal.closed(connection);
    },
  };
}

/** What is kept of connections that are gone. */
class Count {
  opened = 0;
  closed = 0;
  requestBytes = 0;
  responseBytes = 0;
  readonly ends = new Map<string, number>();

  close({ requestBytes, responseBytes, end }: PathConnection): void {
    this.closed += 1;
    this.requestBytes += requestBytes;
    this.responseBytes += responseBytes;
    const name = end === undefined ? 'unknown' : formatEnd(end);
    this.ends.set(name, (this.ends.get(name) ?? 0) + 1);
  }
}

function forPeople({ out }: Terminal, count: Count): Journal {
  const colors = colorsFor(out);
  const say = (line: string) => void out.write(`${line}\n`);
  return {
    listening({ url, target, seed }) {
      say(`${colors.bold(url)} leads to ${target}, seed ${seed}. Ctrl-C ends it.`);
    },
    opened({ number, plan }) {
      say(`#${number} ${colors.dim('opened:')} ${formatPlan(plan)}`);
    },
    closed({ number, end, openedAtMs, closedAtMs = openedAtMs, requestBytes, responseBytes }) {
      const how = end === undefined ? 'closed' : formatEnd(end);
      const shown = end?.by === 'path' ? colors.red(how) : how;
      const seconds = ((closedAtMs - openedAtMs) / 1000).toFixed(1);
      say(
        `#${number} ${shown} after ${seconds} s, ${requestBytes} bytes up, ${responseBytes} down`,
      );
    },
    summary() {
      say(
        `\n${count.opened} connections, ${count.requestBytes} bytes up, ${count.responseBytes} down`,
      );
      for (const [end, times] of [...count.ends].sort(([, a], [, b]) => b - a)) {
        say(`  ${String(times).padStart(5)}  ${end}`);
      }
    },
  };
}

function forPrograms({ out }: Terminal, count: Count): Journal {
  // JSON has no Infinity: a limit that is none is left out.
  const finite = (_key: string, value: unknown) =>
    value === Number.POSITIVE_INFINITY ? undefined : value;
  const say = (event: string, facts: object) =>
    void out.write(`${JSON.stringify({ event, ...facts }, finite)}\n`);
  return {
    listening: (start) => say('listening', start),
    opened: ({ number, plan }) => say('opened', { number, plan }),
    closed: (connection) => say('closed', connection),
    summary: () => say('summary', { ...count, ends: Object.fromEntries(count.ends) }),
  };
}
