/** @import { State } from './state.js' */
/** @import { Connection } from './stream.js' */
import { find, setText } from './find.js';
import * as words from './words.js';

/** @typedef {Connection['kind'] | 'connecting'} Kind */

/** What this page understands; the server's is in `about`. */
const PROTOCOL = 1;
/** For so long it is said that the server was restarted. */
const RESTART_TOLD_MS = 30_000;

/** @type {Readonly<Record<Kind, string>>} */
const PILLS = {
  connecting: 'connecting',
  live: 'live',
  quiet: 'no news',
  lost: 'reconnecting',
  refused: 'signed out',
  full: 'full',
};

/** Says whether what is shown is true now, and what to do if it is not. */
export class ConnectionView {
  /** @type {Kind} */
  kind = 'connecting';
  isPaused = false;
  #pill = find('#pill', HTMLElement);
  #banner = find('#banner', HTMLElement);
  #lostAt = 0;
  #restartedMs = Number.NEGATIVE_INFINITY;

  /** @param {Kind} kind */
  becomes(kind) {
    if (kind === 'lost' && this.kind !== 'lost') this.#lostAt = Date.now();
    this.kind = kind;
  }

  /** The connection is to another process than before. */
  restarted() {
    this.#restartedMs = performance.now();
  }

  /** @param {State} state */
  show(state) {
    const { phase = 'open' } = state.totals ?? {};
    const isLive = this.kind === 'live';
    const isDraining = isLive && phase !== 'open';
    const word = isDraining ? 'draining' : PILLS[this.kind];
    setText(this.#pill, this.isPaused && isLive ? 'paused' : word);
    document.body.dataset.connection = isDraining ? 'draining' : this.kind;
    document.body.dataset.paused = String(this.isPaused);
    const isOther = state.about !== undefined && state.about.protocol !== PROTOCOL;
    // Read out when it changes, and only then: no seconds are counted down in it.
    setText(this.#banner, isOther ? NEWER_PAGE : this.#text(isDraining));
  }

  /** @param {boolean} isDraining */
  #text(isDraining) {
    switch (this.kind) {
      case 'refused':
        return 'You are signed out, or may not look any more. Sign in again: this page goes on by itself.';
      case 'full':
        return 'Too many people are watching. This page joins them as soon as there is room.';
      case 'lost':
        return `The connection was lost at ${words.time(this.#lostAt)}. What you see is from then; trying again.`;
      case 'quiet':
        return 'No news for some seconds. The server is busy, or the connection is.';
      default:
        if (isDraining) return 'This process is shutting down: its holds are coming to their ends.';
        if (performance.now() - this.#restartedMs < RESTART_TOLD_MS) {
          return 'The server was restarted. What you see is of the new process.';
        }
        return '';
    }
  }
}

const NEWER_PAGE = 'The server has another version of this page. Reload it.';
