import type { RunStatus } from '../errors.js';

/** What a run's status resource says, or is refused to say. */
export async function readStatus(url: string, response: Response): Promise<RunStatus> {
  const body = (await response.json()) as Readonly<Record<string, unknown>> | null;
  const { state, status, code } = body ?? {};
  // It expired, or is not of whoever asks now. A 421 is of a process that cannot know.
  const isGone = response.status === 404 || response.status === 410;
  return {
    url,
    state: isGone ? 'lost' : response.ok && typeof state === 'string' ? state : undefined,
    status: response.ok && typeof status === 'number' ? status : undefined,
    code: typeof code === 'string' ? code : undefined,
  };
}

export function unknownStatus(url: string): RunStatus {
  return { url, state: undefined, status: undefined, code: undefined };
}
