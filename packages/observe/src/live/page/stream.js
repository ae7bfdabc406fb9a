/** @import { LiveEventName, LiveUpdate } from '../wire.js' */

/**
 * @typedef {{
 *   kind: 'live' | 'quiet' | 'lost' | 'refused' | 'full';
 * }} Connection
 *   quiet: nothing came for longer than it should. full: too many people watch.
 */

/** News come each second, so that this is a connection in trouble. */
const QUIET_MS = 5_000;
/** And this is none. */
const DEAD_MS = 20_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 10_000;
/** Whoever was refused may sign in meanwhile, perhaps in another tab. */
const REFUSED_PAUSE_MS = 5_000;

/**
 * Reads the events for as long as the page is there, over as many connections as it takes. Not an
 * EventSource: that one tells neither why it was refused nor that nothing comes any more.
 *
 * @param {(name: LiveEventName, data: LiveUpdate) => void} onEvent
 * @param {(connection: Connection) => void} onConnection
 */
export async function follow(onEvent, onConnection) {
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    const connection = new EventConnection(onEvent, onConnection);
    const { kind, retryMs, wasLive } = await connection.run();
    onConnection({ kind });
    if (wasLive) pauseMs = FIRST_PAUSE_MS;
    const leastMs = kind === 'refused' ? REFUSED_PAUSE_MS : pauseMs;
    await pause(retryMs ?? leastMs * (0.75 + Math.random() / 2));
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
  }
}

class EventConnection {
  #onEvent;
  #onConnection;
  #given = new AbortController();
  #isQuiet = false;
  #lastByteMs = performance.now();
  #wasLive = false;
  #wasRefused = false;
  /** @type {number | undefined} */
  #retryMs;

  /**
   * @param {(name: LiveEventName, data: LiveUpdate) => void} onEvent
   * @param {(connection: Connection) => void} onConnection
   */
  constructor(onEvent, onConnection) {
    this.#onEvent = onEvent;
    this.#onConnection = onConnection;
  }

  /** Ends when the connection does; never rejects. */
  async run() {
    const watchdog = setInterval(() => this.#look(), 1_000);
    try {
      const kind = await this.#read();
      return { kind, retryMs: this.#retryMs, wasLive: this.#wasLive };
    } catch {
      const kind = this.#wasRefused ? 'refused' : 'lost';
      return /** @type {const} */ ({ kind, retryMs: this.#retryMs, wasLive: this.#wasLive });
    } finally {
      clearInterval(watchdog);
      this.#given.abort();
    }
  }

  /** @returns {Promise<'lost' | 'refused' | 'full'>} */
  async #read() {
    const response = await fetch('events', {
      headers: { Accept: 'text/event-stream' },
      cache: 'no-store',
      // To a login, as a rule.
      redirect: 'manual',
      signal: this.#given.signal,
    });
    const { status, body, type } = response;
    if (type === 'opaqueredirect' || status === 401 || status === 403) return 'refused';
    const isStream = response.headers.get('Content-Type')?.startsWith('text/event-stream');
    if (status !== 200 || body === null || !isStream) {
      const isFull = status === 503 && response.headers.has('Retry-After');
      return isFull ? 'full' : 'lost';
    }
    const decoder = new TextDecoder();
    const reader = body.getReader();
    let rest = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return this.#wasRefused ? 'refused' : 'lost';
      this.#lastByteMs = performance.now();
      const blocks = (rest + decoder.decode(value, { stream: true })).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) this.#take(block);
    }
  }

  /** @param {string} block */
  #take(block) {
    let name = '';
    let data = '';
    for (const line of block.split('\n')) {
      if (line.startsWith('event: ')) name = line.slice(7);
      else if (line.startsWith('data: ')) data = line.slice(6);
      else if (line.startsWith('retry: ')) this.#retryMs = Number(line.slice(7));
    }
    if (name === 'refused') this.#wasRefused = true;
    if (name !== 'whole' && name !== 'change') return;
    this.#isQuiet = false;
    this.#wasLive = true;
    this.#onEvent(name, JSON.parse(data));
    this.#onConnection({ kind: 'live' });
  }

  #look() {
    const silentMs = performance.now() - this.#lastByteMs;
    if (silentMs > DEAD_MS) {
      this.#given.abort();
    } else if (silentMs > QUIET_MS && this.#wasLive && !this.#isQuiet) {
      this.#isQuiet = true;
      this.#onConnection({ kind: 'quiet' });
    }
  }
}

/**
 * Shorter if there is reason to think that it works now.
 * @param {number} ms
 */
function pause(ms) {
  return new Promise((resolve) => {
    const reasons = new AbortController();
    const done = () => {
      clearTimeout(timer);
      reasons.abort();
      resolve(undefined);
    };
    const timer = setTimeout(done, ms);
    addEventListener('online', done, { signal: reasons.signal });
    addEventListener('focus', done, { signal: reasons.signal });
  });
}
