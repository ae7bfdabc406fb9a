/** @import { HoldRow, IncidentRow, LiveEventName, LiveUpdate, RunRow } from '../wire.js' */
/** @import { Connection } from './stream.js' */
import { holdColumns, INCIDENT_COLUMNS, RUN_COLUMNS } from './columns.js';
import { ConnectionView } from './connection.js';
import { find } from './find.js';
import { Section } from './sections.js';
import { State } from './state.js';
import { follow } from './stream.js';
import { showTiles } from './tiles.js';
import * as words from './words.js';

/** While nothing comes that would be shown, what is said of that must still come true. */
const LOOK_MS = 1_000;

const state = new State();
const connection = new ConnectionView();
const input = find('#words', HTMLInputElement);
const pauseButton = find('#pause', HTMLButtonElement);
const runsTile = find('#runs-tile', HTMLElement);

/** @type {Section<HoldRow> | undefined} */
let holds;
/** @type {Section<RunRow>} */
const runs = new Section(
  'runs',
  RUN_COLUMNS,
  {
    empty: 'No run was started here since the page was mounted.',
    more: (count) => `${words.count(count)} more not shown.`,
  },
  show,
);
/** @type {Section<IncidentRow>} */
const incidents = new Section(
  'incidents',
  INCIDENT_COLUMNS,
  {
    empty: 'Nothing has failed since the page was mounted.',
    more: (count) => `${words.count(count)} older ones not kept.`,
  },
  show,
);

function show() {
  const wanted = input.value.toLowerCase().split(/\s+/);
  const filter = wanted.filter((word) => word !== '');
  connection.show(state);
  showTiles(state);
  holds?.show(state, state.holds, filter);
  runs.show(state, state.runs, filter);
  incidents.show(state, state.incidents, filter);
}

/**
 * @param {LiveEventName} name
 * @param {LiveUpdate} update
 */
function take(name, update) {
  const before = state.about;
  state.take(update, name === 'whole');
  const { about } = state;
  if (about === undefined || about === before) return;
  if (before !== undefined && about.mount !== before.mount) connection.restarted();
  runs.hidden = !about.hasRuns;
  runsTile.hidden = !about.hasRuns;
  // Its columns depend on what the server shows.
  holds ??= new Section(
    'holds',
    holdColumns(about.showsClient),
    {
      empty: 'No response is held. One appears here from its first beat on.',
      more: (count) => `${words.count(count)} younger ones not shown.`,
    },
    show,
  );
}

/** @param {Connection} news */
function onConnection({ kind }) {
  connection.becomes(kind);
  // A login that has ended ends what can be seen, too.
  if (kind === 'refused') state.clear();
  if (connection.isPaused && kind !== 'refused') connection.show(state);
  else show();
}

pauseButton.addEventListener('click', () => {
  connection.isPaused = !connection.isPaused;
  pauseButton.setAttribute('aria-pressed', String(connection.isPaused));
  show();
});
input.addEventListener('input', show);
addEventListener('keydown', (event) => {
  if (event.key === '/' && event.target !== input && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    input.focus();
  } else if (event.key === 'Escape' && event.target === input) {
    input.value = '';
    show();
  }
});
setInterval(() => connection.show(state), LOOK_MS);
void follow(take, onConnection);
