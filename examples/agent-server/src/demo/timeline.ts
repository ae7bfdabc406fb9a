import { styleText } from 'node:util';
import type { Call, CallReport } from './call.js';
import type { DemoOptions } from './options.js';
import type { Wire, WireEvent } from './wire.js';

type Style = Parameters<typeof styleText>[0];

const TITLES: Record<Call['route'], string> = {
  unwrapped: '1  Without holdopen',
  held: '2  With holdopen',
  'held-late-failure': '3  With holdopen, and the tool fails at the end',
};

/** Tells a person what happens on the wire, while it happens. */
export class Timeline {
  readonly #write: (text: string) => void;
  readonly #colours: boolean;
  readonly #options: DemoOptions;
  readonly #pathName: string;
  #start = 0;
  #silence: NodeJS.Timeout | undefined;
  #payloadBytes = 0;

  constructor(options: DemoOptions, pathName: string, output: NodeJS.WriteStream) {
    this.#options = options;
    this.#pathName = pathName;
    this.#write = (text) => void output.write(`${text}\n`);
    this.#colours = output.isTTY && !process.env.NO_COLOR;
  }

  intro(): void {
    const { toolMs, idleMs, intervalMs } = this.#options;
    this.#write(
      `client ── ${this.#pathName} ── agent server\n\n` +
        `The server's tool surveys a directory, which takes ${seconds(toolMs)}.\n` +
        `After ${seconds(idleMs)} without a byte ${this.#pathName} gives up.\n` +
        `After ${seconds(intervalMs)} of silence holdopen sends a beat.`,
    );
  }

  begin(call: Call): void {
    this.#write(`\n${this.#paint('bold', TITLES[call.route])}   POST ${call.path}\n`);
    this.#start = performance.now();
    this.#payloadBytes = 0;
    this.#line('→', 'request sent');
    // Longer than the gap between two beats, so that it is seen only where there are none.
    this.#silence = setInterval(
      () => this.#line(' ', this.#paint('dim', 'silence')),
      this.#options.intervalMs * 1.3,
    );
  }

  show(event: WireEvent): void {
    this.#silence?.refresh();
    switch (event.type) {
      case 'head': {
        const header = event.holdOpen === undefined ? '' : `   HoldOpen: ${event.holdOpen}`;
        this.#line('←', `${event.status} ${event.reason}${header}`);
        break;
      }
      case 'beat':
        this.#line('←', `${this.#paint('cyan', 'beat')} ${event.count}   \\n`);
        break;
      case 'late-head':
        this.#line('←', `late head   ${event.whitespace.length} characters of white space`);
        break;
      case 'payload':
        if (this.#payloadBytes === 0) this.#line('←', `payload   ${excerpt(event.text)}`);
        this.#payloadBytes += Buffer.byteLength(event.text);
    }
  }

  end(report: CallReport): void {
    clearInterval(this.#silence);
    const { result, wire } = report;
    if (result.parsed) {
      this.#line('✓', this.#paint('green', `complete   ${this.#payloadBytes} bytes of JSON`));
    } else if (wire.complete) {
      this.#line('✗', this.#paint('red', `${this.#pathName} gave up`));
    } else if (wire.status === null) {
      this.#line('✗', this.#paint('red', `connection dropped by ${this.#pathName}`));
    } else {
      this.#line('✗', this.#paint('red', 'connection cut, the body has no end'));
    }
    this.#write('');
    for (const [name, text] of facts(report)) {
      this.#write(`    ${this.#paint('bold', name.padEnd(16))}${text}`);
    }
  }

  /** The call was interrupted. */
  stop(): void {
    clearInterval(this.#silence);
  }

  note(text: string): void {
    this.#line('!', this.#paint('yellow', text));
  }

  verdict(broken: readonly string[]): void {
    this.#write(
      broken.length === 0
        ? `\n${this.#paint('green', 'All three calls ended as promised.')}`
        : `\n${this.#paint('red', 'Not as promised; see below.')}`,
    );
  }

  #line(sign: string, text: string): void {
    const time = seconds(performance.now() - this.#start, 2).padStart(8);
    this.#write(`  ${this.#paint('dim', time)}  ${sign} ${text}`);
  }

  #paint(style: Style, text: string): string {
    return this.#colours ? styleText(style, text) : text;
  }
}

/** What is worth knowing after a call. */
function facts({ result, wire, document }: CallReport): [name: string, text: string][] {
  switch (result.outcome) {
    case 'dropped':
      return [['a plain client', `fetch raises ${result.error}`]];
    case 'answered':
      return [['a plain client', summary(document)]];
    case 'failed-late':
      return [
        ['a plain client', `fetch raises ${result.error}`],
        ['its raw body', excerpt(wire.payload, 200)],
        ['the late head', `${visible(wire)}   (${result.trueStatus} in bits: · a space, → a tab)`],
        ['the error', completed(wire.payload)],
      ];
  }
}

function summary(document: unknown): string {
  if (typeof document !== 'object' || document === null) return 'got something unknown';
  const { files, bytes, languages }: { files?: unknown; bytes?: unknown; languages?: unknown } =
    document;
  const names = Array.isArray(languages)
    ? languages.slice(0, 3).map(({ name, lines }) => `${name} ${lines} lines`)
    : [];
  return `parsed: ${files} files, ${bytes} bytes; ${names.join(', ')}`;
}

/** A late head that a person can see. */
function visible(wire: Wire): string {
  const whitespace = wire.body.slice(0, wire.body.length - wire.payload.length);
  const bits = /\r([ \t]+)\r$/.exec(whitespace)?.[1] ?? '';
  const groups = bits.match(/.{8}/g) ?? [];
  return groups.map((group) => group.replaceAll(' ', '·').replaceAll('\t', '→')).join(' ');
}

function completed(payload: string): string {
  try {
    return `${JSON.stringify(JSON.parse(`${payload}}`))}   (with the brace that was left out)`;
  } catch {
    return 'cannot be completed';
  }
}

function excerpt(text: string, length = 60): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}

function seconds(ms: number, digits = 1): string {
  return `${(ms / 1000).toFixed(digits)} s`;
}
