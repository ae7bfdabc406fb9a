import { setText } from './find.js';

/**
 * @template Row
 * @typedef {{
 *   name: string;
 *   label: string;
 *   about?: string;
 *   text: (row: Row, nowMs: number) => string;
 *   detail?: (row: Row) => string;
 *   title?: (row: Row) => string;
 *   tone?: (row: Row, nowMs: number) => string;
 *   sort?: (row: Row) => number;
 *   isChip?: boolean;
 * }} Column
 *   detail: below the text, in small print. tone: `'good'`, `'warn'`, `'bad'` or none.
 *   sort: the rows with the highest come first.
 */

/**
 * Rows by their ids, changed in place, so that nothing jumps and a selection stays. Everything goes into
 * the document as text.
 *
 * @template {{ readonly id: string }} Row
 */
export class TableView {
  #columns;
  #body = document.createElement('tbody');
  /** @type {Map<string, HTMLTableRowElement>} */
  #rows = new Map();
  /** @type {Column<Row>} */
  #sortedBy;
  #heads;
  #onSort;

  /**
   * @param {HTMLTableElement} table
   * @param {readonly Column<Row>[]} columns
   * @param {() => void} onSort
   */
  constructor(table, columns, onSort) {
    this.#columns = columns;
    this.#onSort = onSort;
    const [first] = columns.filter(({ sort }) => sort !== undefined);
    if (first === undefined) throw new Error('a table has an order');
    this.#sortedBy = first;
    // A table that is laid out as cards, on a phone, is none any more unless it says so.
    table.setAttribute('role', 'table');
    this.#body.setAttribute('role', 'rowgroup');
    const row = element('tr', 'row');
    this.#heads = columns.map((column) => this.#head(column));
    row.append(...this.#heads);
    const head = element('thead', 'rowgroup');
    head.append(row);
    table.replaceChildren(head, this.#body);
    this.#markOrder();
  }

  /**
   * @param {Iterable<Row>} rows
   * @param {number} nowMs
   */
  show(rows, nowMs) {
    const { sort = () => 0 } = this.#sortedBy;
    const sorted = [...rows].sort((a, b) => sort(b) - sort(a));
    const kept = new Set(sorted.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (kept.has(id)) continue;
      row.remove();
      this.#rows.delete(id);
    }
    /** @type {Element | null} */
    let place = this.#body.firstElementChild;
    for (const row of sorted) {
      const tr = this.#rowOf(row.id);
      this.#fill(tr, row, nowMs);
      if (tr === place) place = tr.nextElementSibling;
      else this.#body.insertBefore(tr, place);
    }
  }

  /** @param {Column<Row>} column */
  #head(column) {
    const { name, label, about, sort } = column;
    const head = element('th', 'columnheader');
    head.className = name;
    if (about !== undefined) head.title = about;
    if (sort === undefined) {
      head.textContent = label;
      return head;
    }
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = label;
    button.addEventListener('click', () => {
      this.#sortedBy = column;
      this.#markOrder();
      this.#onSort();
    });
    head.append(button);
    return head;
  }

  #markOrder() {
    for (const [index, head] of this.#heads.entries()) {
      const column = this.#columns[index];
      if (column?.sort === undefined) continue;
      head.setAttribute('aria-sort', column === this.#sortedBy ? 'descending' : 'none');
    }
  }

  /** @param {string} id */
  #rowOf(id) {
    let tr = this.#rows.get(id);
    if (tr === undefined) {
      tr = element('tr', 'row');
      for (const column of this.#columns) tr.append(cellOf(column));
      this.#rows.set(id, tr);
    }
    return tr;
  }

  /**
   * @param {HTMLTableRowElement} tr
   * @param {Row} row
   * @param {number} nowMs
   */
  #fill(tr, row, nowMs) {
    for (const [index, { text, detail, title, tone }] of this.#columns.entries()) {
      const cell = tr.cells[index];
      const [main, below] = cell?.children ?? [];
      if (cell === undefined || main === undefined) continue;
      setText(main, text(row, nowMs));
      if (below !== undefined) setText(below, detail?.(row) ?? '');
      const said = title?.(row) ?? '';
      if (cell.title !== said) cell.title = said;
      const colour = tone?.(row, nowMs) ?? '';
      if (cell.dataset.tone !== colour) cell.dataset.tone = colour;
    }
  }
}

/**
 * @template Row
 * @param {Column<Row>} column
 */
function cellOf({ name, label, detail, isChip }) {
  const cell = element('td', 'cell');
  cell.className = name;
  cell.dataset.label = label;
  const main = document.createElement('span');
  main.className = isChip ? 'chip' : 'text';
  cell.append(main);
  if (detail !== undefined) cell.append(document.createElement('small'));
  return cell;
}

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {string} role
 */
function element(name, role) {
  const made = document.createElement(name);
  made.setAttribute('role', role);
  return made;
}
