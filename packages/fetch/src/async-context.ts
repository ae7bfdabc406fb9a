import { builtin, runtime } from './runtime.js';

type Run = (callback: () => void) => void;

const { AsyncLocalStorage } = builtin<{ AsyncLocalStorage: { snapshot?(): Run } }>(
  'node:async_hooks',
);

/** Gives what runs a callback in the async context of this moment, where the runtime has such. */
export function snapshot(): Run {
  if (runtime.AsyncContext !== undefined) {
    const context = new runtime.AsyncContext.Snapshot();
    return (callback) => context.run(callback);
  }
  return AsyncLocalStorage?.snapshot?.() ?? runHere;
}

function runHere(callback: () => void): void {
  callback();
}
