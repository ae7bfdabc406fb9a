import { MemoryStore } from '../../src/memory/store.js';
import { Table } from '../../src/memory/table.js';

/** A memory store whose table a test can reach. */
export function openMemory(now: () => number, maxRuns = 1_000, maxBytes = 1_000_000) {
  const table = new Table({ maxRuns, maxBytes });
  return { table, store: new MemoryStore('test', table, now) };
}
