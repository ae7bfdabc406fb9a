import { Writable } from 'node:stream';

export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly res?: { readonly statusCode: number };
  readonly err?: { readonly message: string };
  readonly [name: string]: unknown;
}

export const WARN_LEVEL = 40;

/** A logger whose lines can be read, for Fastify's option `logger`. */
export function readableLogger(level = 'info'): {
  readonly lines: LogLine[];
  readonly logger: { readonly level: string; readonly stream: Writable };
} {
  const lines: LogLine[] = [];
  const stream = new Writable({
    write(text, _encoding, done) {
      lines.push(JSON.parse(String(text)));
      done();
    },
  });
  return { lines, logger: { level, stream } };
}
