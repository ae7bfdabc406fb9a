import { type Diagnosis, diagnose } from '../../../src/doctor/diagnosis.js';
import { drawReport } from '../../../src/doctor/draw/report.js';
import { examine } from '../../../src/doctor/examine.js';
import type { Plan } from '../../../src/doctor/exchange/plan.js';
import { planOf } from '../../../src/doctor/options.js';
import { colorsFor } from '../../../src/terminal.js';

/** What the doctor says of an address, asked as the command asks it. */
export async function look(url: string, more: Partial<Omit<Plan, 'url'>> = {}): Promise<Diagnosis> {
  const plan: Plan = { ...planOf(new URL(url), { maxWait: 10_000 }), ...more };
  const { origin, hasCredentials, idleLimitsMs } = plan;
  const page = origin === undefined ? undefined : { origin, hasCredentials };
  return diagnose(await examine(plan), { idleLimitsMs, page });
}

/** The codes of what was found, of one level or of all. */
export function codes({ findings }: Diagnosis, level?: 'problem' | 'warning' | 'note'): string[] {
  return findings
    .filter((finding) => level === undefined || finding.level === level)
    .map(({ code }) => code);
}

/** The report as it stands in a terminal without colours. */
export function drawn(diagnosis: Diagnosis, width = 80): string {
  const colors = colorsFor({ write: () => {} }, {});
  return drawReport(diagnosis, { colors, width });
}

/** All that the findings of one code say. */
export function said({ findings }: Diagnosis, code: string): string {
  return findings
    .filter((finding) => finding.code === code)
    .map(({ what, cure = '' }) => `${what} ${cure}`)
    .join(' ');
}
