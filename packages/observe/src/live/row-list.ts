/** Rows as the page was told them last, so that it is told only what is different. */
export class RowList<Row extends { readonly id: string }> {
  #told = new Map<string, string>();
  #more = 0;

  /** Takes the rows as they are now; gives the JSON of what is different. */
  update(rows: Iterable<Row>, more: number): string {
    const told = new Map<string, string>();
    const set: string[] = [];
    for (const row of rows) {
      const json = JSON.stringify(row);
      told.set(row.id, json);
      if (this.#told.get(row.id) !== json) set.push(json);
    }
    const gone = [...this.#told.keys()].filter((id) => !told.has(id));
    this.#told = told;
    this.#more = more;
    return rowsJson(set, gone, more);
  }

  /** All of them. */
  whole(): string {
    return rowsJson([...this.#told.values()], [], this.#more);
  }
}

function rowsJson(set: readonly string[], gone: readonly string[], more: number): string {
  return `{"set":[${set.join(',')}],"gone":${JSON.stringify(gone)},"more":${more}}`;
}
