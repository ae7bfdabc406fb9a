import type { Child } from './child.js';

/** Of this process, since it was started. */
export function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

type Measured = Child<{ cpuUs(): number }>;

/** What it gives, and the milliseconds of CPU that the server spent meanwhile. */
export async function withCpu<T>(
  server: Measured,
  action: () => Promise<T>,
): Promise<readonly [result: T, cpuMs: number]> {
  const beforeUs = await server.ask('cpuUs');
  const result = await action();
  return [result, ((await server.ask('cpuUs')) - beforeUs) / 1_000];
}
