import { createColors } from 'picocolors';

/** Where a command writes: results to `out`, whatever else there is to say to `err`. */
export interface Terminal {
  readonly out: Stream;
  readonly err: Stream;
  /** From here on the command works for others, and goes on when nobody reads what it writes. */
  serve?(): void;
}

export interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Colours for what goes to a stream: none where nobody looks at it (https://no-color.org). */
export function colorsFor(
  stream: Stream,
  env: Readonly<Record<string, string | undefined>> = process.env,
): ReturnType<typeof createColors> {
  const isForced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '0';
  const isRefused = (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
  return createColors(isForced || (stream.isTTY === true && !isRefused));
}
