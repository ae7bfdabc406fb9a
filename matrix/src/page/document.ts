/** Puts what was made between the markers of a document; what stands around them is a person's. */
export function fill(document: string, blocks: Readonly<Record<string, string>>): string {
  let filled = document;
  for (const [name, text] of Object.entries(blocks)) {
    const begin = `<!-- matrix: ${name} -->`;
    const end = `<!-- /matrix: ${name} -->`;
    const from = filled.indexOf(begin);
    const to = filled.indexOf(end);
    if (from < 0 || to < from) {
      throw new Error(
        `the document has no place for ${name}: put "${begin}" and "${end}" into it.`,
      );
    }
    filled = `${filled.slice(0, from + begin.length)}\n\n${text}\n\n${filled.slice(to)}`;
  }
  return filled;
}
