// THE table: every behaviour that holds for all adapters and runtimes, and where one does not, why.
import type { Group, Row } from './row.js';
import { fastPath } from './rows/fast-path.js';
import { formatChoice } from './rows/format-choice.js';
import { heldHead } from './rows/held-head.js';
import { http } from './rows/http.js';
import { lateOutcome } from './rows/late-outcome.js';
import { life } from './rows/life.js';
import { options } from './rows/options.js';
import { streams } from './rows/streams.js';

export const GROUPS: readonly Group[] = [
  fastPath,
  heldHead,
  formatChoice,
  lateOutcome,
  streams,
  life,
  http,
  options,
];

/** `CONFORMANCE_ROWS=sse,late-422` runs the rows whose id has one of these in it. */
const asked = (process.env.CONFORMANCE_ROWS ?? '').split(',').filter((part) => part !== '');

export const isWholeTable = asked.length === 0;

export const ROWS: readonly Row[] = GROUPS.flatMap(({ rows }) => rows).filter(
  ({ id }) => isWholeTable || asked.some((part) => id.includes(part)),
);
