import { colorsFor, type Stream } from '../terminal.js';
import type { Progress } from './recorder.js';
import { count, duration, size } from './words.js';

const EVERY_MS = 100;

/** A line that says how far it is, on a stream that somebody looks at; gives what takes it away. */
export function showProgress(stream: Stream, progress: () => Progress): () => void {
  if (stream.isTTY !== true) return () => {};
  const colors = colorsFor(stream);
  const start = performance.now();
  const show = (): void => {
    const { beats, bytes, hasHead } = progress();
    const came = hasHead ? `${count(beats, 'beat')}, ${size(bytes)}` : 'nothing yet';
    const waited = duration(Math.floor((performance.now() - start) / EVERY_MS) * EVERY_MS);
    stream.write(`\r\x1b[K${colors.dim(`waiting ${waited}: ${came} (Ctrl-C ends it)`)}`);
  };
  const timer = setInterval(show, EVERY_MS);
  show();
  return () => {
    clearInterval(timer);
    stream.write('\r\x1b[K');
  };
}
