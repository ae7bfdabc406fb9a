import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { read } from './pages.js';

/** Loads a page's block of TypeScript, the first being 1, as whoever copies it would. */
export async function importBlock(page: string, number: number): Promise<unknown> {
  const code = [...read(page).matchAll(/^```ts\n(.*?)^```/gms)][number - 1]?.[1];
  if (code === undefined) throw new Error(`${page} has no block ${number}`);
  const folder = mkdtempSync(join(tmpdir(), 'holdopen-block-'));
  const file = join(folder, 'block.ts');
  writeFileSync(file, code);
  try {
    return await import(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}
