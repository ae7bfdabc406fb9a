/** What is drawn, and where text stands beside it. */
const FONT_PX = 12;
/** Wide enough for any letter on average in the fonts that readers have. */
export const LETTER_PX = 6.4;

/**
 * A picture that is legible on a light and on a dark page: it brings its own background, because a page may be
 * dark where the system is light.
 */
export function svg(
  width: number,
  height: number,
  title: string,
  description: string,
  content: readonly string[],
): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title description">
<title id="title">${escaped(title)}</title>
<desc id="description">${escaped(description)}</desc>
<style>
.card{fill:#fff;stroke:#d0d7de}
text{font:${FONT_PX}px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;fill:#1f2328}
.head{font-weight:600}.weak{fill:#59636e}
.grid{stroke:#d0d7de}.one{stroke:#59636e}.target{stroke:#9a6700;stroke-width:2}
.met{stroke:#1a7f37;fill:#1a7f37}.missed{stroke:#cf222e;fill:#cf222e}.plain{stroke:#0969da;fill:#0969da}.noise{stroke:#818b98;fill:#818b98}
.line0{stroke:#0969da;fill:#0969da}.line1{stroke:#818b98;fill:#818b98}.line2{stroke:#bc4c00;fill:#bc4c00}.line3{stroke:#8250df;fill:#8250df}.line4{stroke:#1a7f37;fill:#1a7f37}.line5{stroke:#bf3989;fill:#bf3989}.line6{stroke:#9a6700;fill:#9a6700}
@media (prefers-color-scheme:dark){
.card{fill:#0d1117;stroke:#3d444d}text{fill:#f0f6fc}.weak{fill:#9198a1}
.grid{stroke:#30363d}.one{stroke:#9198a1}.target{stroke:#d29922}
.met{stroke:#3fb950;fill:#3fb950}.missed{stroke:#f85149;fill:#f85149}.plain{stroke:#58a6ff;fill:#58a6ff}.noise{stroke:#7d8590;fill:#7d8590}
.line0{stroke:#58a6ff;fill:#58a6ff}.line1{stroke:#7d8590;fill:#7d8590}.line2{stroke:#f0883e;fill:#f0883e}.line3{stroke:#bc8cff;fill:#bc8cff}.line4{stroke:#3fb950;fill:#3fb950}.line5{stroke:#f778ba;fill:#f778ba}.line6{stroke:#d29922;fill:#d29922}
}
</style>
<rect class="card" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>
${content.join('\n')}
</svg>
`;
}

export function text(x: number, y: number, content: string, kind = '', anchor = 'start'): string {
  return `<text x="${px(x)}" y="${px(y)}" class="${kind}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

export function line(
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  kind: string,
  more = '',
): string {
  return `<line x1="${px(x1)}" y1="${px(y1)}" x2="${px(x2)}" y2="${px(y2)}" class="${kind}"${more}/>`;
}

/** Where a value lies between two others, on a logarithmic scale from `start` to `end`. */
export function logScale(low: number, high: number, start: number, end: number) {
  return (value: number): number =>
    start + ((end - start) * Math.log(value / low)) / Math.log(high / low);
}

export function px(value: number): string {
  return value.toFixed(1);
}

function escaped(content: string): string {
  return content
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
