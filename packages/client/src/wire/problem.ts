/**
 * What an error object says that a program needs (RFC 9457), whichever side of holdopen wrote it: late
 * failures have `completion_status`, answers about runs `status`.
 */
export interface Problem {
  readonly status: number | undefined;
  readonly title: string | undefined;
  readonly code: string | undefined;
  readonly detail: string | undefined;
  /** All of it. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** `undefined` if the text is no JSON object. */
export function readProblem(text: string): Problem | undefined {
  const body = parseJson(text)?.value;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  const members = body as Readonly<Record<string, unknown>>;
  const { completion_status, status = completion_status, title, code, detail } = members;
  return {
    status: typeof status === 'number' ? status : undefined,
    title: textOf(title),
    code: textOf(code),
    detail: textOf(detail),
    body: members,
  };
}

/**
 * The error object of a body that was cut behind a late head of 300 or above: what stands there, with
 * the brace that was withheld. `undefined` if it is not whole with it either.
 */
export function completeCut(text: string): string | undefined {
  return [text, `${text}}`].find(parseJson);
}

function parseJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
