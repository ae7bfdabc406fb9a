/** Opened once; whoever waits goes on. */
export class Gate {
  readonly opened: Promise<void>;
  #open: () => void = () => {};

  constructor() {
    this.opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  readonly open = (): void => this.#open();
}

/** Options that open a gate with the nth beat: the head has left long before. */
export function afterBeats(count: number): { gate: Gate; onBeat: () => void } {
  const gate = new Gate();
  let beats = 0;
  return {
    gate,
    onBeat() {
      beats += 1;
      if (beats >= count) gate.open();
    },
  };
}
