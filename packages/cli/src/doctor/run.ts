import { colorsFor, type Terminal } from '../terminal.js';
import { diagnose } from './diagnosis.js';
import { drawReport } from './draw/report.js';
import { examine } from './examine.js';
import type { Plan } from './exchange/plan.js';
import { jsonReport } from './json-report.js';
import { showProgress } from './live-line.js';

const DEFAULT_WIDTH = 80;
const MIN_WIDTH = 40;
/** Longer lines are hard to read, and a bar says no more. */
const MAX_WIDTH = 120;

export interface RunOptions {
  readonly isJson: boolean;
  /** Columns; those of the terminal by default. */
  readonly width?: number | undefined;
  /** Ends the waiting; what was seen until then is reported. */
  readonly signal?: AbortSignal;
}

/** Looks at an address and writes the report. Gives whether it is well. */
export async function runDoctor(
  plan: Plan,
  terminal: Terminal,
  { isJson, width = terminal.out.columns ?? DEFAULT_WIDTH, signal }: RunOptions,
): Promise<boolean> {
  let hideProgress = (): void => {};
  const observation = await examine(plan, {
    signal,
    onStart: (progress) => {
      hideProgress = showProgress(terminal.err, progress);
    },
  });
  hideProgress();
  const { origin, hasCredentials, idleLimitsMs } = plan;
  const page = origin === undefined ? undefined : { origin, hasCredentials };
  const diagnosis = diagnose(observation, { idleLimitsMs, page });
  const columns = Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, width));
  const style = { colors: colorsFor(terminal.out), width: columns };
  terminal.out.write(isJson ? jsonReport(diagnosis) : drawReport(diagnosis, style));
  return diagnosis.verdict.isWell;
}
