/** What a handler answers with; each app gives it in the way of its framework. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A stream's pieces as they come; one that throws breaks down there. */
  readonly body: string | AsyncIterable<string>;
}

export function answerWith(status: number, type: string, body: Answer['body']): Answer {
  return { status, headers: { 'Content-Type': type }, body };
}

export function answerJson(status: number, value: unknown): Answer {
  return answerWith(status, 'application/json', JSON.stringify(value));
}
