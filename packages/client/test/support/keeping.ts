/** What a page keeps over a reload. */
export function keeping() {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
    removeItem: (name: string) => void kept.delete(name),
  };
  return { kept, storage, holdOpen: { persist: { storage, name: 'task' }, retry: { baseMs: 5 } } };
}
