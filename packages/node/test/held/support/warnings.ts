import { onTestFinished } from 'vitest';

export interface Warning extends Error {
  readonly code?: string;
}

/** The process warnings of a code from now on; an array that grows. */
export function warnings(code: string): Warning[] {
  const seen: Warning[] = [];
  const listener = (warning: Warning): void => {
    if (warning.code === code) seen.push(warning);
  };
  process.on('warning', listener);
  onTestFinished(() => void process.off('warning', listener));
  return seen;
}
