const WIDTH = 88;

/** Tells a person which process gives which words, while it does. */
export class Transcript {
  readonly #write: (text: string) => void;
  #speaker: string | undefined;
  #column = 0;
  #scenes = 0;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  scene(title: string): void {
    this.#scenes += 1;
    this.note('');
    this.note(`${this.#scenes}  ${title}`);
  }

  note(text: string): void {
    this.#write(this.#column > 0 ? `\n${text}\n` : `${text}\n`);
    this.#column = 0;
    this.#speaker = undefined;
  }

  token(speaker: string, token: string): void {
    if (speaker !== this.#speaker || this.#column + token.length > WIDTH) {
      const name = speaker === this.#speaker ? ' ' : speaker;
      this.#write(`${this.#column > 0 ? '\n' : ''}   ${name} `);
      this.#column = 5;
      this.#speaker = speaker;
    }
    this.#write(` ${token}`);
    this.#column += token.length + 1;
  }
}
