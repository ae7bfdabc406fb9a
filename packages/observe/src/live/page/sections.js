/** @import { Rows, State } from './state.js' */
/** @import { Column } from './table.js' */
import { find, setText } from './find.js';
import { TableView } from './table.js';
import * as words from './words.js';

/**
 * One table, with its heading and a note below it.
 * @template {{ readonly id: string }} Row
 */
export class Section {
  #root;
  #count;
  #note;
  #table;
  #view;
  #says;

  /**
   * @param {string} id
   * @param {readonly Column<Row>[]} columns
   * @param {{ empty: string; more: (count: number) => string }} says
   * @param {() => void} onSort
   */
  constructor(id, columns, says, onSort) {
    this.#root = find(`#${id}`, HTMLElement);
    this.#count = find(`#${id} .count`, HTMLElement);
    this.#note = find(`#${id} .note`, HTMLElement);
    this.#table = find(`#${id} table`, HTMLTableElement);
    this.#view = new TableView(this.#table, columns, onSort);
    this.#says = says;
  }

  /** @param {boolean} isHidden */
  set hidden(isHidden) {
    this.#root.hidden = isHidden;
  }

  /**
   * @param {State} state
   * @param {Rows<Row>} rows
   * @param {readonly string[]} wanted the words of the filter, in lower case
   */
  show(state, { all, more }, wanted) {
    const rows = [...all.values()].filter((row) => matches(row, wanted));
    this.#view.show(rows, state.nowMs);
    this.#table.hidden = rows.length === 0;
    const isFiltered = rows.length < all.size;
    const total = words.count(all.size + more);
    const said = isFiltered ? `${words.count(rows.length)} of ${total}` : total;
    const isKnown = state.totals !== undefined;
    setText(this.#count, isKnown ? said : '');
    setText(this.#note, isKnown ? this.#noteOf(rows.length, isFiltered, more) : '');
  }

  /**
   * @param {number} shown
   * @param {boolean} isFiltered
   * @param {number} more
   */
  #noteOf(shown, isFiltered, more) {
    const empty = isFiltered ? 'Nothing here matches the filter.' : this.#says.empty;
    return [shown === 0 ? empty : '', more > 0 ? this.#says.more(more) : ''].join(' ').trim();
  }
}

/**
 * @param {object} row
 * @param {readonly string[]} wanted
 */
function matches(row, wanted) {
  if (wanted.length === 0) return true;
  const said = Object.values(row).join(' ').toLowerCase();
  return wanted.every((word) => said.includes(word));
}
