/** Waits for what may never come, unless the user gives up: then it rejects with his reason. */
export async function heed<Value>(
  signal: AbortSignal | null | undefined,
  pending: Promise<Value>,
): Promise<Value> {
  if (!signal) return pending;
  let stop = (): void => {};
  const left = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
  });
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  try {
    return await Promise.race([pending, left]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
