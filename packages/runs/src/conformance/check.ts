import { Bench, type ConformanceSubject } from './subject.js';

/** Opens an empty store to be checked. */
export type OpenSubject = () => ConformanceSubject | Promise<ConformanceSubject>;

/** One sentence of the contract. */
export interface ConformanceCheck {
  readonly name: string;
  /** Rejects with what the store did instead. `skipped`: the subject cannot do what it needs. */
  run(open: OpenSubject): Promise<'passed' | 'skipped'>;
}

/** `skipped` if the check gives that, because the subject has no way to do it. */
export function check(name: string, body: (bench: Bench) => Promise<unknown>): ConformanceCheck {
  return {
    name,
    async run(open) {
      const subject = await open();
      try {
        return (await body(new Bench(subject))) === 'skipped' ? 'skipped' : 'passed';
      } finally {
        await subject.close?.();
      }
    },
  };
}
