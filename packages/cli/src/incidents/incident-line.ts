import { CLASS_WORDS, type Classified, type Incident } from '@holdopen/observe';
import type { colorsFor } from '../terminal.js';
import { LONGEST_REASON, plain } from './text.js';

/** One incident on one line, for a person or for a program. */
export function drawIncident(
  incident: Incident,
  classified: Classified,
  isJson: boolean,
  colors: ReturnType<typeof colorsFor>,
): string {
  const { class: name, confidence, because } = classified;
  if (isJson) return `${JSON.stringify({ class: name, confidence, because, ...incident })}\n`;
  const { time, route = '', subject, hold, run, instance } = incident;
  const sure = confidence === 'high' ? '' : ` (${confidence})`;
  const who = plain(hold ?? run ?? instance);
  const facts = colors.dim(
    `${subject} ${who}, ${plain(because, LONGEST_REASON)}${lengths(incident)}`,
  );
  const when = new Date(time).toISOString().slice(0, 19).replace('T', ' ');
  const where = route === '' ? '' : `  ${plain(route)}`;
  return `${when}  ${CLASS_WORDS[name].title}${sure}${where}  ${facts}\n`;
}

function lengths({ heldMs, idleMs, beats, bytes }: Incident): string {
  const all = [
    heldMs === undefined ? undefined : `after ${heldMs / 1_000} s`,
    idleMs === undefined ? undefined : `idle for ${idleMs / 1_000} s`,
    beats === undefined ? undefined : `${beats} beats`,
    bytes === undefined ? undefined : `${bytes} bytes`,
  ].filter((one) => one !== undefined);
  return all.map((one) => `, ${one}`).join('');
}
