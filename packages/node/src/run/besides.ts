import type { PreparedHeader } from '../framework.js';

/** Headers that both the application and the run add to. */
const ADDED: ReadonlySet<string> = new Set(['vary', 'link']);

/** What a run says in its head, beside what is set on the response; cookies are set by themselves. */
export function besides(
  present: (name: string) => PreparedHeader[1] | undefined,
  said: Iterable<readonly [string, string]>,
): PreparedHeader[] {
  const headers: PreparedHeader[] = [];
  for (const [name, value] of said) {
    if (name === 'set-cookie') continue;
    headers.push([name, ADDED.has(name) ? together(present(name), value) : value]);
  }
  return headers;
}

function together(present: unknown, value: string): string {
  const values = [...(Array.isArray(present) ? present : [present]), value];
  const named = values.flatMap((one) => (one === undefined ? [] : String(one).split(',')));
  return [...new Set(named.map((one) => one.trim()))].join(', ');
}
