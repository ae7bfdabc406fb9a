/** What was ordered, and the key that names it: enough to come back after a reload. */
export interface KeptTask {
  readonly key: string;
  readonly order: Order;
}

export interface Order {
  readonly title: string;
  readonly seconds: number;
  readonly ends: string;
}

const NAME = 'tasks';

/** The tasks of this tab, newest first. A storage that is full or forbidden keeps none. */
export function keptTasks(): readonly KeptTask[] {
  try {
    return JSON.parse(sessionStorage.getItem(NAME) ?? '[]') as KeptTask[];
  } catch {
    return [];
  }
}

export function keep(task: KeptTask): void {
  write([task, ...keptTasks()]);
}

export function forget(key: string): void {
  write(keptTasks().filter((task) => task.key !== key));
}

function write(tasks: readonly KeptTask[]): void {
  try {
    sessionStorage.setItem(NAME, JSON.stringify(tasks));
  } catch {
    // The tasks go on all the same.
  }
}
