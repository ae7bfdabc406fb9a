import { createHash } from 'node:crypto';

/** A Lua script, known to Redis by the hash of its text. */
export interface Script {
  readonly text: string;
  readonly sha: string;
  readonly readsOnly: boolean;
}

/** What Redis is told about a script before it starts. */
interface ScriptFlags {
  /** Writes also when `maxmemory` is reached: what ends a run or keeps its lease must not fail. */
  readonly beyondMemory?: boolean;
  readonly readsOnly?: boolean;
}

export function script(
  body: string,
  { beyondMemory = false, readsOnly = false }: ScriptFlags = {},
): Script {
  const flags = [...(beyondMemory ? ['allow-oom'] : []), ...(readsOnly ? ['no-writes'] : [])];
  // Without the first line Redis would look at the memory before each single command, and a script
  // could stop in its middle.
  const text = `#!lua${flags.length > 0 ? ` flags=${flags.join(',')}` : ''}\n${body}`;
  return { text, sha: createHash('sha1').update(text).digest('hex'), readsOnly };
}
