/** @import * as wire from '../wire.js' */

/** So many updates are drawn, as many as the server keeps. */
const HISTORY_LENGTH = 300;

/** Everything that the page was told. */
export class State {
  /** @type {wire.LiveAbout | undefined} */
  about;
  /** @type {wire.LiveTotals | undefined} */
  totals;
  /** @type {Rows<wire.HoldRow>} */
  holds = new Rows();
  /** @type {Rows<wire.RunRow>} */
  runs = new Rows();
  /** @type {Rows<wire.IncidentRow>} */
  incidents = new Rows();
  /** @type {(number | null)[]} */
  held = [];
  /** @type {(number | null)[]} */
  beats = [];
  /** @type {(number | null)[]} */
  bytes = [];
  /** The server's clock less ours, in milliseconds. */
  #aheadMs = 0;

  /** The server's clock now. */
  get nowMs() {
    return performance.now() + this.#aheadMs;
  }

  /**
   * @param {wire.LiveUpdate} update
   * @param {boolean} isWhole
   */
  take(update, isWhole) {
    if (isWhole) this.clear();
    this.about = update.about ?? this.about;
    this.totals = update.totals;
    this.#aheadMs = update.nowMs - performance.now();
    this.holds.take(update.holds);
    this.runs.take(update.runs);
    this.incidents.take(update.incidents);
    const { holds, beats, bytes } = update.history;
    this.held = [...this.held, ...holds].slice(-HISTORY_LENGTH);
    this.beats = [...this.beats, ...beats].slice(-HISTORY_LENGTH);
    this.bytes = [...this.bytes, ...bytes].slice(-HISTORY_LENGTH);
  }

  /** Nothing is left of what was told: whoever sits here now may not be who was allowed to read it. */
  clear() {
    this.totals = undefined;
    for (const rows of [this.holds, this.runs, this.incidents]) rows.clear();
    this.held = [];
    this.beats = [];
    this.bytes = [];
  }
}

/** @template {{ readonly id: string }} Row */
export class Rows {
  /** @type {Map<string, Row>} */
  all = new Map();
  /** How many there are that were not told. */
  more = 0;

  /** @param {wire.Rows<Row>} news */
  take({ set, gone, more }) {
    for (const id of gone) this.all.delete(id);
    for (const row of set) this.all.set(row.id, row);
    this.more = more;
  }

  clear() {
    this.all.clear();
    this.more = 0;
  }
}
