import { AnswerError } from '@holdopen/client';
import type { Phase, Task } from './task.js';

/** A state in one word, for its badge. */
export const LABELS: Readonly<Record<Phase, string>> = {
  connecting: 'connecting',
  live: 'live',
  silent: 'silent',
  reconnecting: 'reconnecting',
  running: 'running on the server',
  completed: 'completed',
  failed: 'failed',
  lost: 'lost',
  'signed-out': 'signed out',
  stopped: 'stopped',
  unreachable: 'unreachable',
  'given-up': 'given up',
};

/** What is going on, and what that means for the task. */
export function explain(task: Task): string {
  const { state, error } = task;
  switch (task.phase) {
    case 'connecting':
      return 'Asking the server.';
    case 'live':
      return 'The server is working, and everything it says arrives here.';
    case 'silent':
      return `Nothing has come for ${seconds(state?.silenceMs)}, not even a sign of life. The connection may be dead; the task is not concerned.`;
    case 'reconnecting':
      if (state?.delayMs === undefined) {
        return 'This device is offline. Asking again when it is not; the task goes on without it.';
      }
      return `The connection is lost. Asking again in ${seconds(state.delayMs)}; the task is not started a second time.`;
    case 'running':
      return 'The connection is lost, and the server says that the task goes on. Coming back to it.';
    case 'completed':
      return `Done in ${seconds(task.ageMs)}.`;
    case 'failed':
      return `The task has failed on the server: ${said(error)}`;
    case 'lost':
      return 'The process of the task has died, and the task with it. What it has said so far is above.';
    case 'signed-out':
      return 'The login has expired. The task goes on; sign in to see how.';
    case 'stopped':
      return 'It was told to stop, and did.';
    case 'given-up':
      return 'The server had no more time for the task. It begins anew as soon as the page is there that has started it.';
    case 'unreachable':
      return error?.message ?? '';
  }
}

/** What the server said of a failure, if it said something for people. */
function said(error: Error | undefined): string {
  const problem = error instanceof AnswerError ? error.problem : undefined;
  return problem?.detail ?? problem?.title ?? error?.message ?? '';
}

export function seconds(ms = 0): string {
  return `${Math.max(0, Math.round(ms / 100) / 10)} s`;
}
