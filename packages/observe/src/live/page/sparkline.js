const SVG = 'http://www.w3.org/2000/svg';
/** The least that a line is drawn for, so that a few values are no long slopes. */
const LEAST_VALUES = 60;
const HEIGHT = 40;
/** For the line's own width. */
const EDGE = 2;

/** A rate over the last minutes; `null` where nobody looked. */
export class Sparkline {
  #svg;
  #area = document.createElementNS(SVG, 'path');
  #line = document.createElementNS(SVG, 'path');

  /** @param {SVGSVGElement} svg */
  constructor(svg) {
    this.#svg = svg;
    svg.setAttribute('preserveAspectRatio', 'none');
    this.#area.setAttribute('class', 'area');
    this.#line.setAttribute('class', 'line');
    svg.replaceChildren(this.#area, this.#line);
  }

  /**
   * @param {readonly (number | null)[]} values
   * @param {string} label what it says, for whoever does not see it
   */
  draw(values, label) {
    const highest = Math.max(1, ...values.map((value) => value ?? 0));
    const width = Math.max(LEAST_VALUES, values.length) - 1;
    const first = width - (values.length - 1);
    this.#svg.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
    /** @type {string[]} */
    const lines = [];
    /** @type {string[]} */
    const areas = [];
    /** @type {string[]} */
    let points = [];
    const end = (/** @type {number} */ at) => {
      if (points.length > 0) {
        const [start = '0'] = points[0]?.split(',') ?? [];
        lines.push(`M${points.join('L')}`);
        areas.push(`M${start},${HEIGHT}L${points.join('L')}L${first + at},${HEIGHT}Z`);
      }
      points = [];
    };
    for (const [index, value] of values.entries()) {
      if (value === null) {
        end(index - 1);
        continue;
      }
      const height = (value / highest) * (HEIGHT - 2 * EDGE);
      points.push(`${first + index},${(HEIGHT - EDGE - height).toFixed(1)}`);
    }
    end(values.length - 1);
    this.#line.setAttribute('d', lines.join(''));
    this.#area.setAttribute('d', areas.join(''));
    this.#svg.setAttribute('aria-label', label);
  }
}
