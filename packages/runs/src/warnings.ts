/** Where Node and Bun take warnings; elsewhere they go to the console. */
interface WithWarnings {
  readonly process?: {
    emitWarning?(message: string, options: { type: string; code: string }): void;
  };
}

// Captured when the module loads, so that a test's fakes do not meet ours.
const { console } = globalThis;

/** Each code once for each subject, and not for ever more subjects. */
const MAX_SUBJECTS = 100;
const warned = new Set<string>();

/** Tells whoever runs the server, once for each code and subject. */
export function warnOnce(code: string, subject: string, message: string): void {
  const key = `${code} ${subject}`;
  if (warned.has(key) || warned.size >= MAX_SUBJECTS) return;
  warned.add(key);
  const { process } = globalThis as unknown as WithWarnings;
  const text = `holdopen: ${message}`;
  if (process?.emitWarning === undefined) console.warn(`${text} (${code})`);
  else process.emitWarning(text, { type: 'HoldOpenWarning', code });
}

/** An error that nobody else is told of. */
export function report(message: string, error: unknown): void {
  try {
    console.error(`holdopen: ${message}:`, error);
  } catch {
    // An error may refuse to be shown.
    console.error(`holdopen: ${message}`);
  }
}
