const MAX_LENGTH = 120;

/** A value as its caller would print it, if not all of it. */
export function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}

/** The events that a caller got: messages are text, others are objects with their name. */
export function briefEvents(events: readonly unknown[]): string {
  if (events.length === 0) return 'no event';
  const words: string[] = [];
  let empty = 0;
  for (const event of events) {
    if (event === '') {
      empty += 1;
      continue;
    }
    if (empty > 0) words.push(`${empty} empty messages`);
    empty = 0;
    words.push(briefEvent(event));
  }
  return words.join(', ');
}

function briefEvent(event: unknown): string {
  if (typeof event === 'string') return `message ${event}`;
  const names = typeof event === 'object' && event !== null ? Object.keys(event) : [];
  return names.length === 1 ? `event ${names[0]}` : brief(event);
}
