import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Names where a process id means one process: this boot of this host, in this process namespace. Other
 * containers count from 1, too. `undefined` where the system does not say.
 */
export function placeOfProcess(): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const namespace = readlinkSync('/proc/self/ns/pid');
    const place = [hostname(), boot, namespace].join('\n');
    return createHash('sha256').update(place).digest('hex').slice(0, 16);
  } catch {
    return undefined;
  }
}

/** No process of this place has this id. */
export function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
