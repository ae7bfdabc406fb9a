/** Milliseconds of the machine's own clock, the same in all of its processes. */
export function sharedMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
