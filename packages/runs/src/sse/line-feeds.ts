/** Makes LF of CR and CRLF, also when a CRLF is split between chunks, and drops one byte order mark. */
export class LineFeeds {
  #afterCr = false;
  #atStart = true;

  replace(chunk: string): string {
    if (chunk === '') return chunk;
    let text = chunk;
    if (this.#atStart) {
      this.#atStart = false;
      if (text.charCodeAt(0) === 0xfeff) text = text.slice(1);
    }
    // The CR was made a LF at once: to wait for what follows would hold the event back.
    if (this.#afterCr && text.startsWith('\n')) text = text.slice(1);
    if (chunk !== '') this.#afterCr = chunk.endsWith('\r');
    return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
  }
}
