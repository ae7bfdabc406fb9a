/** Something that whoever asked should know. */
export interface Finding {
  /** `problem`: it is not well. `warning`: it is, but might not stay so. */
  readonly level: 'problem' | 'warning' | 'note';
  /** Stays the same from version to version, for scripts. */
  readonly code: string;
  /** What is so. */
  readonly what: string;
  /** What to change; `undefined` if there is nothing. */
  readonly cure: string | undefined;
}

export function problem(code: string, what: string, cure?: string): Finding {
  return { level: 'problem', code, what, cure };
}

export function warning(code: string, what: string, cure?: string): Finding {
  return { level: 'warning', code, what, cure };
}

export function note(code: string, what: string, cure?: string): Finding {
  return { level: 'note', code, what, cure };
}
