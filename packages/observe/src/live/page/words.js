// How things are said to people.

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const small = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];

/** @param {number} value */
export function count(value) {
  return whole.format(value);
}

/** @param {number} value */
export function rate(value) {
  return value < 100 ? small.format(value) : whole.format(value);
}

/** @param {number} size */
export function bytes(size) {
  let unit = 0;
  let value = size;
  while (value >= 1_000 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${value < 100 && unit > 0 ? small.format(value) : whole.format(value)} ${UNITS[unit]}`;
}

/** @param {number} ms */
export function duration(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (minutes < 1) return `${seconds} s`;
  if (hours < 1) return `${minutes} m ${two(seconds % 60)} s`;
  if (hours < 24) return `${hours} h ${two(minutes % 60)} m`;
  return `${Math.floor(hours / 24)} d ${two(hours % 24)} h`;
}

/** @param {number} value */
function two(value) {
  return String(value).padStart(2, '0');
}

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' });

/** @param {number} at */
export function time(at) {
  return clock.format(at);
}

/** @param {number} at */
export function dateTime(at) {
  return full.format(at);
}

/**
 * @param {number} value
 * @param {string} one
 * @param {string} many
 */
export function plural(value, one, many = `${one}s`) {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** @type {Readonly<Record<string, string>>} */
export const STATES = {
  held: 'holdopen has sent the head; the handler has not answered yet',
  answering: 'the answer is on its way out',
  streaming: 'the handler streams by itself',
  running: 'the work goes on',
  completed: 'the work has answered',
  failed: 'the work threw, or answered an error that is final',
  released: 'given up: the same key starts it anew',
  cancelled: 'told to stop',
  lost: 'died with its process',
};

/** @type {Readonly<Record<string, string>>} */
export const KINDS = {
  failed: 'handler failed',
  'client-left': 'client left',
  silent: 'silent too long',
  drained: 'ended by a drain',
  'run-failed': 'run failed',
  'run-lost': 'run lost',
  'run-released': 'run given up',
  'run-cancelled': 'run cancelled',
  // From a journal.
  lost: 'lost',
  died: 'died with its process',
  'run-disconnected': 'run left',
  'run-died': 'run died with its process',
  'call-failed': 'call failed',
  'call-disconnected': 'call cut off',
  'call-lost': 'call lost',
  'process-died': 'process died',
};
