const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** Waits until the process is asked to end. Whoever asks twice does not want to wait. */
export function firstSignal(onSecond: () => void): Promise<void> {
  return new Promise((resolve) => {
    let isFirst = true;
    const onSignal = (): void => {
      if (isFirst) resolve();
      else onSecond();
      isFirst = false;
    };
    for (const signal of SIGNALS) process.on(signal, onSignal);
  });
}
