/** @import { LiveTotals } from '../wire.js' */
/** @import { State } from './state.js' */
import { find, setText } from './find.js';
import { Sparkline } from './sparkline.js';
import * as words from './words.js';

const NOTHING = '–';
const BLANK = '\u00a0';

const lines = {
  holds: new Sparkline(find('#holds-line', SVGSVGElement)),
  beats: new Sparkline(find('#beats-line', SVGSVGElement)),
  bytes: new Sparkline(find('#bytes-line', SVGSVGElement)),
};

/** @param {State} state */
export function showTiles(state) {
  const { totals, about } = state;
  say('name', about?.name ?? 'holdopen');
  const up = about === undefined ? '' : words.duration(state.nowMs - about.bootMs);
  say('process', about && totals ? `${about.instance} · up ${up}` : BLANK);
  for (const [name, [figure, more]] of Object.entries(figures(state, totals))) {
    say(`${name}-figure`, totals ? figure : NOTHING);
    say(`${name}-more`, totals ? more : BLANK);
  }
  drawLines(state);
  say('footer', totals ? footer(totals) : BLANK);
  const title = totals ? `${words.count(totals.holds)} held – ` : '';
  document.title = `${title}${about?.name ?? 'holdopen'}`;
}

/**
 * @param {State} state
 * @param {LiveTotals | undefined} totals
 * @returns {Record<string, [figure: string, more: string]>}
 */
function figures({ beats, bytes }, totals) {
  const {
    runs = {},
    beatsDropped = 0,
    lateErrors = 0,
    disconnects = 0,
    silences = 0,
  } = totals ?? {};
  const ended = Object.entries(runs).filter(([state, many]) => state !== 'running' && many > 0);
  const howEnded = ended.map(([state, many]) => `${words.count(many)} ${state}`).join(', ');
  return {
    holds: [
      words.count(totals?.holds ?? 0),
      `${words.count(totals?.streaming ?? 0)} streaming by themselves`,
    ],
    beats: [
      `${words.rate(beats.at(-1) ?? 0)} /s`,
      `${words.count(totals?.beats ?? 0)} so far, ${words.count(beatsDropped)} dropped`,
    ],
    bytes: [`${words.bytes(bytes.at(-1) ?? 0)}/s`, `at most ${words.bytes(highest(bytes))}/s`],
    failed: [
      words.count(lateErrors),
      `${words.plural(disconnects, 'client')} left, ${words.count(silences)} silent too long`,
    ],
    runs: [words.count(runs.running ?? 0), howEnded || 'none has ended yet'],
  };
}

/** @param {State} state */
function drawLines({ held, beats, bytes, about }) {
  const span = words.duration(held.length * (about?.updateMs ?? 1_000));
  const draw = (
    /** @type {Sparkline} */ line,
    /** @type {(number | null)[]} */ values,
    /** @type {string} */ what,
    /** @type {(value: number) => string} */ text,
  ) => {
    const now = text(values.at(-1) ?? 0);
    line.draw(
      values,
      `${what} over the last ${span}: now ${now}, at most ${text(highest(values))}`,
    );
  };
  draw(lines.holds, held, 'Active holds', words.count);
  draw(lines.beats, beats, 'Beats a second', words.rate);
  draw(lines.bytes, bytes, 'Payload a second', words.bytes);
}

/** @param {LiveTotals} totals */
function footer({ watchers, untouched }) {
  const pages = words.plural(watchers, 'page');
  const passed = words.plural(untouched, 'response');
  return `${pages} open · ${passed} passed untouched · the streams of this page do not count as holds`;
}

/** @param {readonly (number | null)[]} values */
function highest(values) {
  return Math.max(0, ...values.map((value) => value ?? 0));
}

/**
 * @param {string} id
 * @param {string} text
 */
function say(id, text) {
  setText(find(`#${id}`, HTMLElement), text);
}
